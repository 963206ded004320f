# Starts a mail server (exim) and a mailbox server (dovecot) in the folder this is in, on the ports of their settings; a line, or the end of its input, stops both.
# Their programs lie in the folder $1 as their packages have them; in a view of the files of its own, they are where the system has its programs. 77: that cannot be had here.
set -u
cd "$(dirname "$0")"
mount -t overlay -o "lowerdir=$1/usr:/usr" overlay /usr 2>/dev/null || exit 77
for list in passwd group; do cp /etc/$list $list; done
echo 'balie-dovecot:x:64990:64990::/:/bin/sh' >> passwd
echo 'Debian-exim:x:64991:64991::/:/bin/sh' >> passwd
printf 'balie-dovecot:x:64990:\nDebian-exim:x:64991:\n' >> group
for list in passwd group; do mount --bind $list /etc/$list; done
mkdir -p mail spool run
chmod 711 .
touch dovecot.log
chown balie-dovecot mail run dovecot.log
chown Debian-exim spool
chmod 644 key.pem ca.pem users dovecot.conf exim.conf
mkdir -p log && chown Debian-exim log
setpriv --reuid=64990 --regid=64990 --clear-groups dovecot -F -c "$PWD/dovecot.conf" & dovecot=$!
exim4 -bdf -q1s -C "$PWD/exim.conf" & exim=$!
read -r _
kill $dovecot $exim
wait
