# The digest that `fetchurl` was given: the first there is, or that of SHA-256 even if it is empty.
digests:
let
  candidates = [
    { digest = digests.hash; algorithm = ""; }
    { digest = digests.sha512; algorithm = "sha512"; }
    { digest = digests.sha1; algorithm = "sha1"; }
    { digest = digests.md5; algorithm = "md5"; }
  ];
  given = builtins.filter (candidate: candidate.digest != "") candidates;
in
builtins.head (given ++ [ { digest = digests.sha256; algorithm = "sha256"; } ])
