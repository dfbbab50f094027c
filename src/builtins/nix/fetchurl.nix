# `<nix/fetchurl.nix>`: a file from the network as a fixed-output derivation, which the builder fetches
# by itself. Arguments and attributes are an interface that store paths depend on.
{ url
, name ? baseNameOf (toString url)
, system ? ""
, hash ? ""
, md5 ? "", sha1 ? "", sha256 ? "", sha512 ? ""
, outputHash ? (import ./digest.nix { inherit hash md5 sha1 sha256 sha512; }).digest
, outputHashAlgo ? (import ./digest.nix { inherit hash md5 sha1 sha256 sha512; }).algorithm
, unpack ? false
, executable ? false
, impure ? false
}:
let
  content = if impure then { __impure = true; } else { inherit outputHash outputHashAlgo; };
in
derivation (content // {
  inherit executable name unpack url;
  builder = "builtin:fetchurl";
  impureEnvVars = map (protocol: protocol + "_proxy") [ "http" "https" "ftp" "all" "no" ];
  outputHashMode = if executable || unpack then "recursive" else "flat";
  preferLocalBuild = true;
  system = "builtin";
  urls = [ url ];
})
