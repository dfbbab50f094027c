# What `derivation` returns: a set for the first output, from which the others can be
# reached. The recipe itself is computed when a path is asked for.
#
# A derivation is what is to be built, with everything that it is built from. Its
# attributes are the environment of the builder, but for those that say how to build:
#
#   name        the name in the store, without the hash
#   system      the kind of machine that can build it
#   builder     the program that builds it
#   args        the arguments of the program
#   outputs     the names of what the builder makes, with the first as the one that is
#               meant when nothing is said
#
# For each output, the result has a set under its name:
#
#   outPath     where the output will be in the store
#   drvPath     where the recipe is in the store
#   outputName  the name of this output
#   type        "derivation"
#
# and in all of them is the same besides:
#
#   all         the sets of all outputs, as a list
#   drvAttrs    the attributes that `derivation` was called with
#
# Programs can ask for the positions of these attributes. The places of the definitions
# below are those that Nix gives, so that programs get the same answers from it as from
# firn; that is why this comment is as long as it is, and why the lines below are where
# they are.
drvAttrs@{
  outputs ? [ "out" ],
  ...
}:
let
  # The names of the outputs, with their paths and that of the recipe.
  recipe = derivationStrict drvAttrs;

  # What the sets of all outputs have in common. It is put together once. The attributes of
  # the derivation come first, for those of the result count.
  common =
    drvAttrs // builtins.listToAttrs entries
    // {
      all = map (entry: entry.value) entries;
      inherit drvAttrs;
    };

  entries = map (outputName: {
    name = outputName;
    value = common // {
      outPath = builtins.getAttr outputName recipe;
      drvPath = recipe.drvPath;
      type = "derivation";
      inherit outputName;
    };
  }) outputs;
in
(builtins.head entries).value
