# At run time Home Assistant answers `import voluptuous` with probatio.

from probatio import (
    All as All,
    Any as Any,
    Coerce as Coerce,
    Exclusive as Exclusive,
    In as In,
    Invalid as Invalid,
    Length as Length,
    Optional as Optional,
    Range as Range,
    Required as Required,
    Schema as Schema,
)
