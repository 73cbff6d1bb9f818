#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Simulates further hosts (stand-ins) on a converged host: see tools/bench-scale and docs/performance.md.
# usage: sh stand_ins.sh INTERFACE NAME=ADDRESS=SUBNET ...
# Each has its own root, an overlay on that of the host, with the processes, devices and kernel settings of the host, and an sshd at its
# address, port 2222. The host's systemd answers queries; starting or restarting a unit only writes the unit's stamp.
set -eu
base=/run/stand-ins
interface=$1
shift

systemctl_of_a_stand_in() {
    cat <<'END'
#!/bin/sh
export SYSTEMD_IGNORE_CHROOT=1
case $1 in
show | is-active | is-enabled | cat | list-units | status) exec /usr/bin/systemctl.real "$@" ;;
start | restart) shift; for unit; do case $unit in -*) ;; *) /usr/local/libexec/barehost/stamp "$unit" ;; esac; done ;;
esac
END
}

run_of_a_stand_in() {
    cat <<'END'
set -eu
home=$1 address=$2
root=$home/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$home/upper,workdir=$home/work" "$root"
mount -t overlay overlay -o "lowerdir=/var/lib,upperdir=$home/lib-upper,workdir=$home/lib-work" "$root/var/lib"
for name in proc sys dev run; do mount --rbind "/$name" "$root/$name"; done
mount --bind "$home/stamps" "$root/run/barehost"
mount --bind "$home/flannel" "$root/run/flannel"
# stand-ins use the firewall of the host, and so its configuration
mount --bind /etc/firewalld "$root/etc/firewalld"
mv "$root/usr/bin/systemctl" "$root/usr/bin/systemctl.real"
cp "$home/../systemctl" "$root/usr/bin/systemctl"
exec chroot "$root" /usr/sbin/sshd -D -o Port=2222 -o "ListenAddress=$address" -o PidFile=none -o UsePAM=no
END
}

systemctl stop 'stand-in-*.service' 2>/dev/null || true
rm -rf "$base"
mkdir -p "$base"
systemctl_of_a_stand_in >"$base/systemctl"
chmod 0755 "$base/systemctl"
run_of_a_stand_in >"$base/run"
firewall-cmd --quiet --add-port=2222/tcp
firewall-cmd --quiet --permanent --add-port=2222/tcp
for stand_in; do
    name=${stand_in%%=*} subnet=${stand_in##*=}
    address=${stand_in#*=}
    address=${address%=*}
    home=$base/$name
    mkdir -p "$home/upper" "$home/work" "$home/lib-upper" "$home/lib-work" "$home/root"
    cp -a /run/barehost "$home/stamps"
    cp -a /run/flannel "$home/flannel"
    sed -i "s|^FLANNEL_SUBNET=.*|FLANNEL_SUBNET=$subnet|" "$home/flannel/subnet.env"
    ip address replace "$address/24" dev "$interface"
    systemd-run --quiet --collect --unit="stand-in-$name" unshare --mount --propagation private sh "$base/run" "$home" "$address"
done
