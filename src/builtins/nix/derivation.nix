# What `derivation` returns: a set for the first output, from which the others can be reached.
# The recipe itself is computed when a path is asked for.
attributes@{ outputs ? [ "out" ], ... }:
let
  recipe = derivationStrict attributes;

  common = attributes // builtins.listToAttrs all // {
    all = map (entry: entry.value) all;
    drvAttrs = attributes;
  };

  all = map (outputName: {
    name = outputName;
    value = common // {
      outPath = builtins.getAttr outputName recipe;
      drvPath = recipe.drvPath;
      type = "derivation";
      inherit outputName;
    };
  }) outputs;
in
(builtins.head all).value
