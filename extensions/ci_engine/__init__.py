"""The engine of ci-framework: one implementation for laptops and for CI.

The version below is the only place where the framework states its version: the
package metadata, the rendered configuration and the reports read it from here.
"""

__version__ = "3.0.0"
