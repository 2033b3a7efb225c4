#!/bin/sh
# Prints who is signed in to the desktop, or nothing. It needs the surroundings of a CGI program, and the exit status
# means nothing.
PATH=/usr/bin:/bin
for needed in "$GATEWAY_INTERFACE" "$REMOTE_ADDR" "$SERVER_ADDR" "$SERVER_PORT" "$SERVER_NAME" "$HTTP_HOST" "$HTTP_COOKIE"; do
    [ -n "$needed" ] || exit 7
done
# A POST is read here: the caller's program finds nothing more on its standard input.
if [ "$REQUEST_METHOD" = POST ]; then head -c "${CONTENT_LENGTH:-0}" >/dev/null; fi
user=$(curl -s --unix-socket /run/dsm.sock -G http://dsm/authenticate \
    --data-urlencode "cookie=$HTTP_COOKIE" --data-urlencode "address=$REMOTE_ADDR" \
    --data-urlencode "token=$HTTP_X_SYNO_TOKEN" --data-urlencode "query=$QUERY_STRING")
[ -n "$user" ] || exit 7
echo "$user"
