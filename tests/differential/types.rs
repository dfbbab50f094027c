//! The types that generated programs are made by, and the builtins that have types of this kind.

/// What an expression is meant to be. Several are strings or integers with a purpose.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Type {
    Any,
    Null,
    Bool,
    Int,
    /// A small integer, as for indices.
    Index,
    Float,
    Str,
    /// The name of an attribute.
    Name,
    Regex,
    Version,
    Json,
    Toml,
    HashAlgorithm,
    Path,
    List(Box<Type>),
    /// A set whose attributes are all of one type.
    SetOf(Box<Type>),
    /// A set with these attributes.
    Set(Vec<(&'static str, Type)>),
    Function(Box<Type>, Box<Type>),
    /// In the type of a builtin: whatever fits.
    Variable(u8),
}

/// What a variable of a builtin's type stands for, by its number.
pub(crate) type Bindings = [Option<Type>; 3];

impl Type {
    /// Whether something of type `self` does where `wanted` is wanted; binds variables.
    pub(crate) fn fits(&self, wanted: &Type, bindings: &mut Bindings) -> bool {
        match (self, wanted) {
            (Type::Variable(number), wanted) => match &bindings[usize::from(*number)] {
                Some(bound) => bound == wanted,
                None => {
                    bindings[usize::from(*number)] = Some(wanted.clone());
                    true
                }
            },
            (Type::List(a), Type::List(b)) | (Type::SetOf(a), Type::SetOf(b)) => a.fits(b, bindings),
            (a, b) => a == b,
        }
    }

    /// The type with variables replaced by what they stand for.
    pub(crate) fn bound(&self, bindings: &Bindings) -> Type {
        let inner = |inner: &Type| Box::new(inner.bound(bindings));
        match self {
            Type::Variable(number) => bindings[usize::from(*number)].clone().unwrap_or(Type::Int),
            Type::List(element) => Type::List(inner(element)),
            Type::SetOf(value) => Type::SetOf(inner(value)),
            Type::Set(members) => Type::Set(members.iter().map(|(name, ty)| (*name, ty.bound(bindings))).collect()),
            Type::Function(from, to) => Type::Function(inner(from), inner(to)),
            other => other.clone(),
        }
    }
}

/// A builtin with one of its types.
pub(crate) struct Signature {
    pub(crate) name: &'static str,
    pub(crate) parameters: Vec<Type>,
    pub(crate) result: Type,
}

/// All of them. A builtin may be there more than once, with several types.
pub(crate) fn signatures() -> Vec<Signature> {
    SIGNATURES.lines().filter(|line| !line.trim().is_empty()).map(|line| parse(line.trim())).collect()
}

fn parse(line: &'static str) -> Signature {
    let (name, text) = line.split_once(' ').expect("a name and a type");
    let mut rest = text;
    let mut types = vec![read(&mut rest)];
    while let Some(next) = rest.trim_start().strip_prefix("->") {
        rest = next;
        types.push(read(&mut rest));
    }
    assert!(rest.trim().is_empty(), "the type of {name} goes on with {rest}");
    let result = types.pop().expect("there is at least one");
    Signature { name, parameters: types, result }
}

/// Reads one type, with parentheses if it is a function.
fn read(rest: &mut &'static str) -> Type {
    *rest = rest.trim_start();
    let first = rest.chars().next().expect("there is a type");
    if "([{".contains(first) {
        *rest = &rest[1..];
        let mut types = vec![read(rest)];
        while let Some(next) = rest.trim_start().strip_prefix("->") {
            *rest = next;
            types.push(read(rest));
        }
        *rest = &rest.trim_start()[1..];
        let last = types.pop().expect("there is at least one");
        return match first {
            '[' => Type::List(Box::new(last)),
            '{' => Type::SetOf(Box::new(last)),
            _ => types.into_iter().rev().fold(last, |to, from| Type::Function(Box::new(from), Box::new(to))),
        };
    }
    let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    *rest = after;
    match word {
        "a" => Type::Variable(0),
        "b" => Type::Variable(1),
        "c" => Type::Variable(2),
        "any" => Type::Any,
        "null" => Type::Null,
        "bool" => Type::Bool,
        "int" => Type::Int,
        "idx" => Type::Index,
        "float" => Type::Float,
        "str" => Type::Str,
        "name" => Type::Name,
        "re" => Type::Regex,
        "ver" => Type::Version,
        "json" => Type::Json,
        "toml" => Type::Toml,
        "algo" => Type::HashAlgorithm,
        "path" => Type::Path,
        "pair" => Type::Set(vec![("name", Type::Name), ("value", Type::Variable(0))]),
        "outcome" => Type::Set(vec![("success", Type::Bool), ("value", Type::Variable(0))]),
        "halves" => {
            let half = || Type::List(Box::new(Type::Variable(0)));
            Type::Set(vec![("right", half()), ("wrong", half())])
        }
        "closure" => Type::Set(vec![("startSet", keyed_list()), ("operator", operator())]),
        "formals" => Type::Function(Box::new(Type::Set(vec![("a", Type::Int), ("b", Type::Str)])), Box::new(Type::Int)),
        "keyed" => keyed(),
        word => panic!("{word} is no type"),
    }
}

fn keyed() -> Type {
    Type::Set(vec![("key", Type::Index)])
}

fn keyed_list() -> Type {
    Type::List(Box::new(keyed()))
}

fn operator() -> Type {
    Type::Function(Box::new(keyed()), Box::new(keyed_list()))
}

const SIGNATURES: &str = "
add int -> int -> int
add float -> int -> float
addErrorContext str -> a -> a
all (a -> bool) -> [a] -> bool
any (a -> bool) -> [a] -> bool
attrNames {a} -> [str]
attrValues {a} -> [a]
baseNameOf str -> str
baseNameOf path -> str
bitAnd int -> int -> int
bitOr int -> int -> int
bitXor int -> int -> int
catAttrs name -> [{a}] -> [a]
ceil float -> int
compareVersions ver -> ver -> int
concatLists [[a]] -> [a]
concatMap (a -> [b]) -> [a] -> [b]
concatStringsSep str -> [str] -> str
deepSeq any -> a -> a
dirOf str -> str
dirOf path -> path
div int -> int -> int
div float -> int -> float
elem a -> [a] -> bool
elemAt [a] -> idx -> a
filter (a -> bool) -> [a] -> [a]
floor float -> int
foldl' (b -> a -> b) -> b -> [a] -> b
fromJSON json -> any
fromTOML toml -> any
functionArgs formals -> {bool}
genList (idx -> a) -> idx -> [a]
genericClosure closure -> [keyed]
getAttr name -> {a} -> a
getContext str -> any
getEnv str -> str
groupBy (a -> str) -> [a] -> {[a]}
hasAttr name -> {a} -> bool
hasContext str -> bool
hashFile algo -> path -> str
hashString algo -> str -> str
head [a] -> a
intersectAttrs {a} -> {b} -> {b}
isAttrs any -> bool
isBool any -> bool
isFloat any -> bool
isFunction any -> bool
isInt any -> bool
isList any -> bool
isNull any -> bool
isPath any -> bool
isString any -> bool
length [a] -> int
lessThan a -> a -> bool
listToAttrs [pair] -> {a}
map (a -> b) -> [a] -> [b]
mapAttrs (str -> a -> b) -> {a} -> {b}
match re -> str -> any
mul int -> int -> int
mul float -> float -> float
parseDrvName ver -> {str}
partition (a -> bool) -> [a] -> halves
pathExists path -> bool
placeholder str -> str
readDir path -> {str}
readFile path -> str
readFileType path -> str
removeAttrs {a} -> [name] -> {a}
replaceStrings [str] -> [str] -> str -> str
seq any -> a -> a
sort (a -> a -> bool) -> [a] -> [a]
split re -> str -> any
splitVersion ver -> [str]
stringLength str -> int
sub int -> int -> int
sub float -> float -> float
substring idx -> idx -> str -> str
substring int -> int -> str -> str
tail [a] -> [a]
toFile name -> str -> str
toJSON any -> str
toString int -> str
toString float -> str
toString [str] -> str
toString bool -> str
toString path -> str
toXML any -> str
trace any -> a -> a
tryEval a -> outcome
typeOf any -> str
unsafeDiscardStringContext str -> str
unsafeDiscardOutputDependency str -> str
unsafeGetAttrPos name -> {a} -> any
warn str -> a -> a
zipAttrsWith (str -> [a] -> b) -> [{a}] -> {b}
";
