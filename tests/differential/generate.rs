//! Programs in the language: well scoped, mostly well typed, over all of its constructs.

use crate::literals;
use crate::source::Source;
use crate::types::{Signature, Type};

/// The names of attributes and variables.
const NAMES: [&str; 10] = ["a", "b", "c", "x", "y", "value", "name", "foo-bar", "_1", "x'"];

/// A program by the decisions in `bytes`.
pub(crate) fn program(bytes: &[u8], signatures: &[Signature]) -> String {
    let mut source = Source::new(bytes);
    let depth = 2 + source.below(6);
    let mistakes = source.chance(1, 3);
    let traces = source.chance(1, 2);
    let mut generator =
        Generator { source, signatures, scope: Vec::new(), fuel: 250, mistakes, traces, next_trace: 0, next_name: 0 };
    let ty = generator.any_type(3);
    generator.expr(&ty, depth)
}

struct Generator<'a> {
    source: Source<'a>,
    signatures: &'a [Signature],
    /// The variables, the innermost last.
    scope: Vec<(String, Type)>,
    /// How many more expressions there may be.
    fuel: usize,
    /// Whether now and then an expression is of another type than the one wanted.
    mistakes: bool,
    /// Whether what is evaluated is traced now and then.
    traces: bool,
    next_trace: usize,
    next_name: usize,
}

impl Generator<'_> {
    /// An expression of the type, which can stand anywhere.
    fn expr(&mut self, ty: &Type, depth: usize) -> String {
        if self.mistakes && self.source.chance(1, 40) {
            let other = self.any_type(1);
            return self.right(&other, depth);
        }
        self.right(ty, depth)
    }

    fn right(&mut self, ty: &Type, depth: usize) -> String {
        let ty = &if *ty == Type::Any { self.any_type(2) } else { ty.clone() };
        self.fuel = self.fuel.saturating_sub(1);
        if depth == 0 || self.fuel == 0 || self.source.is_empty() {
            return self.leaf(ty);
        }
        let depth = depth - 1;
        if self.traces && self.source.chance(1, 12) {
            return self.traced(ty, depth);
        }
        match self.source.below(20) {
            0..=5 => self.own(ty, depth),
            6..=9 => self.builtin(ty, depth),
            10..=11 => self.leaf(ty),
            12 => {
                let (condition, yes, no) = (self.expr(&Type::Bool, depth), self.expr(ty, depth), self.expr(ty, depth));
                format!("(if {condition} then {yes} else {no})")
            }
            13 => self.let_in(ty, depth),
            14 => self.applied(ty, depth),
            15 => self.selected(ty, depth),
            16 => self.with(ty, depth),
            17 => self.tried(ty, depth),
            18 => match self.source.below(3) {
                0 => format!("(assert {}; {})", self.expr(&Type::Bool, depth), self.expr(ty, depth)),
                1 => {
                    let (first, then) = (self.expr(&Type::Any, depth), self.expr(ty, depth));
                    format!("(builtins.{} {first} {then})", self.source.pick(&["seq", "deepSeq"]))
                }
                _ => self.functor(ty, depth),
            },
            _ => match self.source.below(3) {
                0 => format!("(throw {})", self.expr(&Type::Str, depth)),
                1 => format!("(let x = {}; inherit ({{ y = x; }}) y; in y)", self.expr(ty, depth)),
                _ => self.own(ty, depth),
            },
        }
    }

    fn any_type(&mut self, depth: usize) -> Type {
        let limit = if depth == 0 { 9 } else { 16 };
        match self.source.below(limit) {
            0 => Type::Null,
            1 => Type::Bool,
            2 | 3 => Type::Int,
            4 => Type::Float,
            5 | 6 => Type::Str,
            7 => Type::Path,
            8 => Type::Version,
            9 | 10 => Type::List(Box::new(self.any_type(depth - 1))),
            11 => Type::SetOf(Box::new(self.any_type(depth - 1))),
            12..=14 => {
                let mut names: Vec<_> = NAMES.into_iter().filter(|_| self.source.chance(1, 4)).collect();
                names.truncate(4);
                Type::Set(names.into_iter().map(|name| (name, self.any_type(depth - 1))).collect())
            }
            _ => Type::Function(Box::new(self.any_type(depth - 1)), Box::new(self.any_type(depth - 1))),
        }
    }

    /// A variable, or the simplest expression of the type.
    fn leaf(&mut self, ty: &Type) -> String {
        let variables: Vec<_> = self.scope.iter().filter(|(_, of)| of == ty).map(|(name, _)| name.clone()).collect();
        if !variables.is_empty() && self.source.chance(3, 4) {
            return variables[self.source.below(variables.len())].clone();
        }
        match ty {
            Type::Any | Type::Null | Type::Variable(_) => "null".to_owned(),
            Type::Bool => self.source.pick(&["true", "false"]).to_owned(),
            Type::Int => literals::int(&mut self.source),
            Type::Index => literals::index(&mut self.source),
            Type::Float => literals::float(&mut self.source),
            Type::Str => literals::string(&mut self.source),
            Type::Name => format!("\"{}\"", self.source.pick(&NAMES)),
            Type::Regex => literals::regex(&mut self.source),
            Type::Version => literals::version(&mut self.source),
            Type::Json => literals::json(&mut self.source),
            Type::Toml => literals::toml(&mut self.source),
            Type::HashAlgorithm => self.source.pick(&["\"sha256\"", "\"md5\"", "\"sha1\"", "\"sha512\""]).to_owned(),
            Type::Path => literals::path(&mut self.source),
            Type::List(_) => "[ ]".to_owned(),
            Type::SetOf(_) => "{ }".to_owned(),
            Type::Set(members) => {
                let members: String =
                    members.iter().map(|(name, ty)| format!("{name} = {}; ", self.leaf(ty))).collect();
                format!("{{ {members}}}")
            }
            Type::Function(_, to) => format!("(_: {})", self.leaf(to)),
        }
    }

    /// What only expressions of this type can be.
    fn own(&mut self, ty: &Type, depth: usize) -> String {
        match ty {
            Type::Bool => self.bool(depth),
            Type::Int | Type::Float => {
                let number = |of: &mut Self| match (ty, of.source.chance(1, 4)) {
                    (Type::Float, true) => Type::Int,
                    _ => ty.clone(),
                };
                let right = number(self);
                let (left, right) = (self.expr(ty, depth), self.expr(&right, depth));
                match self.source.below(8) {
                    0 => format!("(-{left})"),
                    1 => format!("({left} * {right})"),
                    2 => format!("({left} / {right})"),
                    3 => format!("({left} - {right})"),
                    4 => format!("{left} + {right}"),
                    _ => format!("({left} + {right})"),
                }
            }
            Type::Str => self.string(depth),
            Type::Path => match self.source.below(3) {
                0 => format!("({} + \"/{}\")", self.expr(ty, depth), self.source.pick(&NAMES)),
                1 => format!("({} + {})", self.expr(ty, depth), self.expr(&Type::Str, depth)),
                _ => format!("./data/${{{}}}", self.expr(&Type::Name, depth)),
            },
            Type::List(element) => self.list(ty, element, depth),
            Type::SetOf(value) => self.set_of(ty, value, depth),
            Type::Set(members) => self.set(ty, members, depth),
            Type::Function(from, to) => self.function(from, to, depth),
            other => self.leaf(other),
        }
    }

    fn bool(&mut self, depth: usize) -> String {
        match self.source.below(8) {
            0 => format!("(!{})", self.expr(&Type::Bool, depth)),
            1..=2 => {
                let (left, right) = (self.expr(&Type::Bool, depth), self.expr(&Type::Bool, depth));
                format!("({left} {} {right})", self.source.pick(&["&&", "||", "->"]))
            }
            3..=4 => {
                let ty = self.any_type(1);
                let (left, right) = (self.expr(&ty, depth), self.expr(&ty, depth));
                format!("({left} {} {right})", self.source.pick(&["==", "!="]))
            }
            5..=6 => {
                let mut ty = self.source.pick(&[&Type::Int, &Type::Float, &Type::Str, &Type::Path]).clone();
                if self.source.chance(1, 4) {
                    ty = Type::List(Box::new(ty));
                }
                let (left, right) = (self.expr(&ty, depth), self.expr(&ty, depth));
                format!("({left} {} {right})", self.source.pick(&["<", "<=", ">", ">="]))
            }
            _ => {
                let ty = self.any_type(2);
                let subject = self.expr(&ty, depth);
                format!("({subject} ? {})", self.attribute_path())
            }
        }
    }

    fn attribute_path(&mut self) -> String {
        let mut path = self.attribute_name();
        while self.source.chance(1, 4) {
            path = format!("{path}.{}", self.attribute_name());
        }
        path
    }

    fn attribute_name(&mut self) -> String {
        let name = self.source.pick(&NAMES);
        match self.source.below(8) {
            0 => format!("\"{name}\""),
            1 => format!("${{{}}}", self.expr(&Type::Name, 1)),
            _ => name.to_owned(),
        }
    }

    fn string(&mut self, depth: usize) -> String {
        match self.source.below(6) {
            0 => format!("({} + {})", self.expr(&Type::Str, depth), self.expr(&Type::Str, depth)),
            1 => self.indented_string(depth),
            2 => self.coerced(depth),
            _ => {
                let mut text = String::from("\"");
                for _ in 0..=self.source.below(3) {
                    text.push_str(&literals::string_part(&mut self.source));
                    text.push_str(&format!("${{{}}}", self.expr(&Type::Str, depth)));
                }
                text.push_str(&literals::string_part(&mut self.source));
                text + "\""
            }
        }
    }

    fn indented_string(&mut self, depth: usize) -> String {
        let mut text = String::from("''");
        for _ in 0..=self.source.below(4) {
            text.push_str(self.source.pick(&["\n", "\n  ", "\n    ", "  ", "\n\t", "\n      ", " \n"]));
            match self.source.below(3) {
                0 => text.push_str(&format!("${{{}}}", self.expr(&Type::Str, depth))),
                _ => text.push_str(
                    self.source
                        .pick(&["x", "''$", "'''", "''\\n", "$", "$$", "'", "  y ", "\"", "\\", "''\\t", "$${a}"]),
                ),
            }
        }
        text + self.source.pick(&["''", "\n''", "\n  ''"])
    }

    /// A string made of something else.
    fn coerced(&mut self, depth: usize) -> String {
        let text = self.expr(&Type::Str, depth);
        match self.source.below(5) {
            0 => format!("\"${{{{ __toString = self: self.t; t = {text}; }}}}\""),
            1 => format!("\"${{{{ outPath = {text}; }}}}\""),
            2 => format!("(toString {})", self.expr(&Type::Any, depth)),
            3 => format!("(toString [ {text} {} ])", self.expr(&Type::Any, depth)),
            _ => format!("(builtins.toJSON {})", self.expr(&Type::Any, depth)),
        }
    }

    fn list(&mut self, ty: &Type, element: &Type, depth: usize) -> String {
        if self.source.chance(1, 5) {
            return format!("({} ++ {})", self.expr(ty, depth), self.expr(ty, depth));
        }
        let count = self.source.below(5);
        let elements: Vec<_> = (0..count).map(|_| self.expr(element, depth)).collect();
        format!("[ {} ]", elements.join(" "))
    }

    fn set_of(&mut self, ty: &Type, value: &Type, depth: usize) -> String {
        if self.source.chance(1, 5) {
            return format!("({} // {})", self.expr(ty, depth), self.expr(ty, depth));
        }
        let mut bindings = String::new();
        for name in NAMES.iter().filter(|_| self.source.chance(1, 4)).collect::<Vec<_>>() {
            match self.source.below(6) {
                0 => bindings.push_str(&format!("\"{name}\" = {}; ", self.expr(value, depth))),
                1 => bindings.push_str(&format!("${{\"{name}\"}} = {}; ", self.expr(value, depth))),
                _ => bindings.push_str(&format!("{name} = {}; ", self.expr(value, depth))),
            }
        }
        format!("{{ {bindings}}}")
    }

    fn set(&mut self, ty: &Type, members: &[(&'static str, Type)], depth: usize) -> String {
        match self.source.below(7) {
            0 => format!("({} // {})", self.expr(&Type::Any, depth), self.expr(ty, depth)),
            1 => {
                // Attributes that see each other, each only those before it.
                let height = self.scope.len();
                let mut bindings = String::new();
                for (name, ty) in members {
                    bindings.push_str(&format!("{name} = {}; ", self.expr(ty, depth)));
                    self.scope.push(((*name).to_owned(), ty.clone()));
                }
                self.scope.truncate(height);
                format!("rec {{ {bindings}}}")
            }
            2 => {
                let bound: Vec<_> = self.scope.iter().map(|(name, ty)| (name.clone(), ty.clone())).collect();
                let mut bindings = String::new();
                for (name, ty) in members {
                    match bound.iter().any(|(variable, of)| variable == name && of == ty) {
                        true => bindings.push_str(&format!("inherit {name}; ")),
                        false => bindings.push_str(&format!("inherit ({}) {name}; ", self.one_of(name, ty, depth))),
                    }
                }
                format!("{{ {bindings}}}")
            }
            _ => {
                let mut bindings = String::new();
                for (name, ty) in members {
                    bindings.push_str(&self.binding(name, ty, depth));
                }
                if self.source.chance(1, 8) {
                    bindings.push_str(&format!("${{null}} = {}; ", self.expr(&Type::Any, depth)));
                }
                format!("{{ {bindings}}}")
            }
        }
    }

    /// A set with the attribute and perhaps more.
    fn one_of(&mut self, name: &'static str, ty: &Type, depth: usize) -> String {
        self.expr(&Type::Set(vec![(name, ty.clone())]), depth)
    }

    fn binding(&mut self, name: &str, ty: &Type, depth: usize) -> String {
        match ty {
            // In parts, which the parser puts together.
            Type::Set(members) if !members.is_empty() && self.source.chance(1, 3) => {
                members.iter().map(|(inner, ty)| format!("{name}.{inner} = {}; ", self.expr(ty, depth))).collect()
            }
            _ => format!("{name} = {}; ", self.expr(ty, depth)),
        }
    }

    fn function(&mut self, from: &Type, to: &Type, depth: usize) -> String {
        let height = self.scope.len();
        let function = match from {
            Type::Set(members) if self.source.chance(3, 4) => {
                let mut formals = Vec::new();
                for (name, ty) in members {
                    if self.source.chance(1, 8) {
                        continue;
                    }
                    let default = match self.source.chance(1, 3) {
                        true => format!(" ? {}", self.expr(ty, depth)),
                        false => String::new(),
                    };
                    formals.push(format!("{name}{default}"));
                    self.scope.push(((*name).to_owned(), ty.clone()));
                }
                if self.source.chance(1, 3) {
                    let (name, ty) = (self.fresh(), self.any_type(1));
                    formals.push(format!("{name} ? {}", self.expr(&ty, depth)));
                    self.scope.push((name, ty));
                }
                if self.source.chance(1, 2) || formals.len() < members.len() {
                    formals.push("...".to_owned());
                }
                let formals = formals.join(", ");
                let name = self.fresh();
                let head = match self.source.below(4) {
                    0 => format!("{{ {formals} }}@{name}"),
                    1 => format!("{name}@{{ {formals} }}"),
                    _ => format!("{{ {formals} }}"),
                };
                if head.contains('@') {
                    self.scope.push((name, from.clone()));
                }
                format!("({head}: {})", self.expr(to, depth))
            }
            _ => {
                let name = self.fresh();
                self.scope.push((name.clone(), from.clone()));
                format!("({name}: {})", self.expr(to, depth))
            }
        };
        self.scope.truncate(height);
        function
    }

    /// A name for a variable. Not always a new one, so that some hide others.
    fn fresh(&mut self) -> String {
        if self.source.chance(1, 4) {
            return self.source.pick(&NAMES).to_owned();
        }
        self.next_name += 1;
        format!("v{}", self.next_name)
    }

    fn builtin(&mut self, ty: &Type, depth: usize) -> String {
        let fitting: Vec<_> = self
            .signatures
            .iter()
            .filter_map(|signature| {
                let mut bindings = Default::default();
                signature.result.fits(ty, &mut bindings).then_some((signature, bindings))
            })
            .collect();
        if fitting.is_empty() {
            return self.own(ty, depth);
        }
        let (signature, mut bindings) = fitting[self.source.below(fitting.len())].clone();
        for variable in &mut bindings {
            if variable.is_none() {
                *variable = Some(self.any_type(1));
            }
        }
        let mut call = format!("(builtins.{}", signature.name);
        for parameter in &signature.parameters {
            let argument = self.expr(&parameter.bound(&bindings), depth);
            call.push_str(&format!(" {argument}"));
        }
        call + ")"
    }

    fn let_in(&mut self, ty: &Type, depth: usize) -> String {
        let height = self.scope.len();
        let mut bindings = String::new();
        for _ in 0..=self.source.below(3) {
            let (name, of) = (self.fresh(), self.any_type(2));
            if bindings.contains(&format!(" {name} = ")) {
                continue;
            }
            bindings.push_str(&format!(" {name} = {};", self.expr(&of, depth)));
            self.scope.push((name, of));
        }
        let body = self.expr(ty, depth);
        self.scope.truncate(height);
        format!("(let{bindings} in {body})")
    }

    fn with(&mut self, ty: &Type, depth: usize) -> String {
        let of = Type::Set(vec![("x", self.any_type(1)), ("y", ty.clone())]);
        let set = self.expr(&of, depth);
        let Type::Set(members) = of else { unreachable!("it was just made") };
        let height = self.scope.len();
        // Behind everything else: a `with` hides no variable.
        for (name, ty) in members {
            if !self.scope.iter().any(|(known, _)| known == name) {
                self.scope.push((name.to_owned(), ty));
            }
        }
        let body = self.expr(ty, depth);
        self.scope.truncate(height);
        format!("(with {set}; {body})")
    }

    fn applied(&mut self, ty: &Type, depth: usize) -> String {
        let from = self.any_type(2);
        let function = self.expr(&Type::Function(Box::new(from.clone()), Box::new(ty.clone())), depth);
        let argument = self.expr(&from, depth);
        format!("({function} {argument})")
    }

    fn functor(&mut self, ty: &Type, depth: usize) -> String {
        let from = self.any_type(1);
        let function = self.expr(&Type::Function(Box::new(from.clone()), Box::new(ty.clone())), depth);
        let argument = self.expr(&from, depth);
        match self.source.below(2) {
            0 => format!("({{ __functor = self: self.f; f = {function}; }} {argument})"),
            _ => format!("({{ __functor = {{ __functor = _: self: {function}; }}; }} {argument})"),
        }
    }

    fn selected(&mut self, ty: &Type, depth: usize) -> String {
        let name = self.source.pick(&NAMES);
        let set = match self.source.below(3) {
            0 => Type::SetOf(Box::new(ty.clone())),
            _ => Type::Set(vec![(name, ty.clone())]),
        };
        let subject = self.expr(&set, depth);
        match self.source.below(3) {
            0 => format!("({subject}.{name} or {})", self.expr(ty, depth)),
            1 => format!("({subject}.${{{}}} or {})", self.expr(&Type::Name, depth), self.expr(ty, depth)),
            _ => format!("{subject}.{name}"),
        }
    }

    fn tried(&mut self, ty: &Type, depth: usize) -> String {
        let (tried, otherwise) = (self.expr(ty, depth), self.expr(ty, depth));
        format!("(let r = builtins.tryEval {tried}; in if r.success then r.value else {otherwise})")
    }

    fn traced(&mut self, ty: &Type, depth: usize) -> String {
        self.next_trace += 1;
        let number = self.next_trace;
        let value = self.expr(ty, depth);
        match self.source.below(4) {
            0 => format!("(let t = {value}; in builtins.trace t t)"),
            _ => format!("(builtins.trace \"t{number}\" {value})"),
        }
    }
}
