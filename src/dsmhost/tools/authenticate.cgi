#!/bin/sh
# Prints who is signed in to the desktop, or nothing.
exec curl -s --unix-socket /run/dsm.sock -G http://dsm/authenticate \
    --data-urlencode "cookie=$HTTP_COOKIE" --data-urlencode "address=$REMOTE_ADDR" \
    --data-urlencode "token=$HTTP_X_SYNO_TOKEN" --data-urlencode "query=$QUERY_STRING"
