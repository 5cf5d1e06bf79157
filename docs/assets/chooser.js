// The chooser: from answers to files. What it knows is in chooser.json, which
// docs/generate_chooser.py has written; this file only looks it up.
"use strict";

/** Look up answers in what the template has rendered. */
class Chooser {
  constructor(data) {
    Object.assign(this, data);
    this.choice = data.questions.map((question) => question.default);
  }

  /** Whether something is so for the present answers. */
  holds(table) {
    if (table < 0) return true;
    const [questions, values] = this.tables[table];
    const position = questions.reduce(
      (sum, index) => sum * this.questions[index].options.length + this.choice[index], 0,
    );
    return values[position] === "1";
  }

  present() {
    return this.files.filter((file) => this.holds(file.table));
  }

  content(file) {
    return file.parts
      .filter(([, table]) => this.holds(table))
      .map(([text]) => this.texts[text]).join("");
  }

  command() {
    const answers = this.questions
      .map((question, index) => [question, this.choice[index]])
      .filter(([question, option]) => this.holds(question.asked) && option !== question.default)
      .map(([question, option]) => `${question.name}=${question.options[option].value}`)
      .map((answer) => (/^[\w=.-]+$/.test(answer) ? `-d ${answer}` : `-d '${answer}'`));
    const customized = answers.length ? ["-d setup=customise", ...answers] : [];
    return ["copier copy --defaults", ...customized, this.address, "my-project"].join(" ");
  }
}

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Show the chooser, and what follows from each answer. */
class ChooserPage {
  constructor(root, chooser) {
    this.chooser = chooser;
    this.open = "pyproject.toml";
    this.command = element("code");
    this.tree = element("ul", { class: "chooser-tree", "aria-label": "Files" });
    this.count = element("p", { "aria-live": "polite" });
    this.title = element("h3", { id: "chooser-file" });
    this.text = element("code");
    const copy = element("button", { type: "button", class: "md-button" }, "Copy");
    copy.addEventListener("click", () => {
      navigator.clipboard.writeText(this.command.textContent);
      copy.textContent = "Copied";
      setTimeout(() => { copy.textContent = "Copy"; }, 2000);
    });
    this.fields = chooser.questions.map((question, index) => this.field(question, index));
    const questions = element("form", { class: "chooser-questions", "aria-label": "Answers" });
    questions.append(...this.fields);
    root.replaceChildren(
      element("h2", { id: "answers" }, "Answers"), questions,
      element("h2", { id: "command" }, "Command"),
      element("pre", { tabindex: "0", "aria-label": "Command" }, this.command), copy,
      element("h2", { id: "files" }, "Files"), this.count,
      element("div", { class: "chooser-files" }, this.tree,
        element("div", { class: "chooser-text" }, this.title,
          element("pre", { tabindex: "0", "aria-labelledby": "chooser-file" }, this.text))),
    );
    this.restore();
    this.update();
  }

  field(question, index) {
    const id = `chooser-${question.name}`;
    const select = element("select", { id });
    question.options.forEach((option, number) => {
      select.append(element("option", { value: number }, option.label));
    });
    select.value = question.default;
    select.addEventListener("change", () => {
      this.chooser.choice[index] = Number(select.value);
      this.remember();
      this.update();
    });
    return element("div", {}, element("label", { for: id }, question.help), select);
  }

  /** The address holds the answers, so that a link leads to them. */
  remember() {
    const given = this.chooser.questions
      .map((question, index) => [question, this.chooser.choice[index]])
      .filter(([question, option]) => option !== question.default)
      .map(([question, option]) => `${question.name}=${question.options[option].value}`);
    history.replaceState(null, "", given.length
      ? `?${given.map(encodeURIComponent).join("&").replaceAll("%3D", "=")}` : location.pathname);
  }

  restore() {
    for (const [name, value] of new URLSearchParams(location.search)) {
      const index = this.chooser.questions.findIndex((question) => question.name === name);
      if (index < 0) continue;
      const option = this.chooser.questions[index].options
        .findIndex((each) => each.value === value);
      if (option < 0) continue;
      this.chooser.choice[index] = option;
      this.fields[index].querySelector("select").value = option;
    }
  }

  update() {
    const { chooser } = this;
    chooser.questions.forEach((question, index) => {
      this.fields[index].hidden = !chooser.holds(question.asked);
    });
    this.command.textContent = chooser.command();
    const files = chooser.present();
    this.count.textContent = `${files.length} files`;
    if (!files.some((file) => file.path === this.open)) this.open = files[0].path;
    this.tree.replaceChildren(...files.map((file) => this.entry(file)));
    this.show();
  }

  entry(file) {
    const button = element("button", { type: "button" }, file.path);
    button.addEventListener("click", () => {
      this.open = file.path;
      this.show();
    });
    return element("li", {}, button);
  }

  show() {
    for (const button of this.tree.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.textContent === this.open));
    }
    this.title.textContent = this.open;
    const file = this.chooser.files.find((each) => each.path === this.open);
    this.text.textContent = this.chooser.content(file);
  }
}

const root = document.getElementById("chooser");
if (root) {
  root.ariaBusy = "true";
  fetch(root.dataset.source)
    .then((response) => response.json())
    .then((data) => { new ChooserPage(root, new Chooser(data)); })
    .finally(() => { root.ariaBusy = "false"; });
}
