/** The programs of the GPU bundle, in the shell's language: all that a bare machine can be trusted to have. */

/** Finds the libraries that the machine lacks and the driver's description, then runs a file on the bundle's Node. */
export const launcher = (file) => `#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
has() {
  for place in /lib/x86_64-linux-gnu /usr/lib/x86_64-linux-gnu /lib64 /usr/lib64 /usr/lib /usr/local/lib; do
    [ -e "$place/$1" ] && return 0
  done
  { ldconfig -p || /sbin/ldconfig -p; } 2>/dev/null | grep -q "$1 " 2>/dev/null
}
# the machine's own libraries first, since its driver is made for them; the loader is always the bundle's
libs=$here/lib/libvulkan.so.1
for folder in "$here"/lib/*; do
  name=\${folder##*/}
  [ "$name" = libvulkan.so.1 ] || has "$name" || libs=$libs:$folder
done
export LD_LIBRARY_PATH="\${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$libs"
if [ -z "\${VK_DRIVER_FILES:-}\${VK_ICD_FILENAMES:-}" ]; then
  # the loader looks in /etc and /usr/share by itself; containers put NVIDIA's elsewhere
  for icd in /usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json /usr/local/share/vulkan/icd.d/nvidia_icd.json; do
    if [ -e "$icd" ]; then
      export VK_DRIVER_FILES="$icd"
      [ -d /usr/local/nvidia/lib64 ] && export LD_LIBRARY_PATH="$LD_LIBRARY_PATH:/usr/local/nvidia/lib64"
      break
    fi
  done
fi
export XDG_RUNTIME_DIR="\${XDG_RUNTIME_DIR:-/tmp}"
if ! "$here/bin/node" -e 0; then
  echo "measure: the bundle's Node does not start here: it needs glibc 2.28 or newer on x86-64" >&2
  exit 1
fi
exec "$here/bin/node" "$here/${file}" "$@"
`;

export const measureScript = launcher("build/bench/gpu/measure.js");
