//! Log messages for other nodes: what a catcher asks for, and what a source sends (chapter 19 of
//! the specification).

use alloc::{string::String, vec, vec::Vec};

use crate::{
    framing::Args,
    id::PortId,
    value::{Float, Value},
};

/// The request by which a catcher asks.
pub const CONNECT: &str = "AnyEvent::MP::LogCatcher::connect";
/// The version of it that is spoken.
pub const VERSION: u64 = 0;

/// The levels of log messages: the lower, the more important.
pub mod level {
    /// Something failed.
    pub const ERROR: u8 = 1;
    /// Something may be wrong.
    pub const WARNING: u8 = 2;
    /// Nodes and services come and go.
    pub const COMING: u8 = 7;
    /// For those who look for a fault.
    pub const DEBUG: u8 = 8;
    /// Every step.
    pub const TRACE: u8 = 9;
}

/// What a catcher asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Connect {
    /// Where the log messages go.
    pub port: PortId,
    /// The greatest level that is sent.
    pub level: Float,
}

impl Connect {
    /// Reads the arguments of the request; `None` for those that are dropped and counted.
    pub fn parse(args: &Args<'_>) -> Option<Self> {
        let mut values = args.iter().map(|arg| arg.value());
        let (version, port, level) = (values.next()?, values.next()?, values.next()?);
        // [log.connect.version]: the integer part counts.
        let version = version.to_number()?.get();
        if version <= -1.0 || version >= (VERSION + 1) as f64 {
            return None;
        }
        // [log.connect.wrong]
        Some(Self {
            port: PortId::parse(&port.to_text()?).ok()?,
            level: level.to_number()?,
        })
    }

    /// Whether a log message of that level is sent (`[log.connect.level]`).
    pub fn wants(&self, level: u8) -> bool {
        f64::from(level) <= self.level.get()
    }
}

/// A log message as a source sends it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Seconds since the epoch.
    pub time: f64,
    /// The part of the program that it comes from.
    pub context: String,
    /// Its level.
    pub level: u8,
    /// The text, without a line feed at its end.
    pub text: String,
}

impl Entry {
    /// The arguments of the message, for a port of a node that greets `mproto`
    /// (`[log.message.new]`) or of another one (`[log.message.old]`).
    pub fn args(&self, mproto: bool) -> Vec<Value> {
        let (level, text) = (self.level.into(), self.text.as_str().into());
        if !mproto {
            return vec![level, text];
        }
        let time = Float::new(self.time).unwrap_or_default();
        vec![
            Value::Float(time),
            self.context.as_str().into(),
            level,
            text,
        ]
    }
}

/// A log message as a catcher reads it: level and text, in both forms (`[log.message.read]`);
/// `None` for what is dropped and counted (`[log.message.wrong]`).
pub fn read(values: &[Value]) -> Option<(Float, String)> {
    let ([level, text] | [_, _, level, text]) = values else {
        return None;
    };
    let text = text.to_text()?;
    // [log.message.newline]
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Some((level.to_number()?, text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framing::{Content, Decoder, Framing, Limits};
    use alloc::{format, string::ToString};

    fn connect(args: &str) -> Option<(String, f64)> {
        let octets = format!(r#"["",{args}]"#);
        let mut decoder = Decoder::new(Framing::Json, Limits::default());
        let frame = decoder.next(octets.as_bytes()).unwrap().unwrap();
        let Content::Message(layout) = frame.content() else {
            panic!("no message: {octets}")
        };
        let message = layout.open(Framing::Json, octets.as_bytes());
        let connect = Connect::parse(message.args())?;
        Some((connect.port.to_string(), connect.level.get()))
    }

    #[test]
    fn a_request_is_read_as_originals_write_it() {
        for args in [
            r##"0,"n#p",9"##,
            r##""0","n#p","9""##,
            r##"0.5,"n#p","9.0",1"##,
            r##""0e0","n#p",9.0"##,
        ] {
            assert_eq!(connect(args), Some(("n#p".into(), 9.0)), "{args}");
        }
        assert_eq!(connect(r#"0,"n",-1"#), Some(("n".into(), -1.0)));
    }

    #[test]
    fn what_is_wrong_is_dropped() {
        for args in [
            r##"1,"n#p",9"##,
            r##""1.0","n#p",9"##,
            r##"-1,"n#p",9"##,
            r##"null,"n#p",9"##,
            r##""x","n#p",9"##,
            r##"0,"#p",9"##,
            r#"0,"",9"#,
            r#"0,null,9"#,
            r#"0,["n#p"],9"#,
            r##"0,"n#p","high""##,
            r##"0,"n#p",null"##,
            r##"0,"n#p",[]"##,
            r##"0,"n#p",true"##,
            r##"0,"n#p""##,
        ] {
            assert_eq!(connect(args), None, "{args}");
        }
    }

    #[test]
    fn both_forms_say_the_same() {
        let entry = Entry {
            time: 12.5,
            context: "part".into(),
            level: level::WARNING,
            text: "text".into(),
        };
        assert_eq!(entry.args(false), [2.into(), "text".into()]);
        for args in [
            entry.args(false),
            entry.args(true),
            ["2".into(), "text\n".into()].into(),
        ] {
            assert_eq!(read(&args), Some((Float::new(2.0).unwrap(), "text".into())));
        }
        assert_eq!(read(&[5.into()]), None);
        assert_eq!(read(&["x".into(), "text".into()]), None);
    }
}
