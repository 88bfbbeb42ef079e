# At run time Home Assistant answers `import voluptuous` with probatio.

from probatio import All as All, Optional as Optional, Required as Required, Schema as Schema
