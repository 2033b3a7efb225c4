/* The window's way in: a CGI program below DSM's desktop that asks DSM who is signed in, and carries the request to the
 * web process over its unix socket. It adds X-Mailroom-User and X-Mailroom-Address, and lets no header of that family
 * through from the browser, so that nobody can name themselves.
 *
 * While a long answer lasts (an event stream) it asks DSM again and again: who signs out there, listens no longer here.
 * A request with a token for scripts (Authorization) passes the same way; then DSM usually knows nobody.
 *
 * CGI: RFC 3875. Asking authenticate.cgi: its answer is the user's name, nothing means nobody; its exit status means
 * nothing. Linked statically: DSM's libraries are of every age.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOCKET_PATH "/var/packages/Mailroom/etc/relay/window.sock"
#define AUTHENTICATE "/usr/syno/synoman/webman/modules/authenticate.cgi"
#define OUR_ID 882 /* The web process's user; it lets in root and the package's user besides (web/hub.py). */
#define HEAD_MAX 65536
#define PIECE 65536
#define TRIES 20
#define PAUSE_MS 100
#define NAME_MAX_BYTES 256
#define ASK_AGAIN_MS 4000

extern char **environ;

/* What authenticate.cgi needs to recognise a session (and nothing else of what the browser sent). */
static const char *const ASKED_WITH[] = {
    "HTTP_COOKIE", "REMOTE_ADDR", "SERVER_ADDR", "SERVER_PORT", "SERVER_NAME", "HTTP_HOST", "GATEWAY_INTERFACE",
    "HTTPS", "HTTP_X_SYNO_TOKEN", "QUERY_STRING", NULL};

struct text {
    char bytes[HEAD_MAX];
    size_t length;
};

static void answer(const char *status, const char *code, const char *message) {
    printf("Status: %s\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n\r\n"
           "{\"code\": \"%s\", \"message\": \"%s\"}\n", status, code, message);
}

static void add(struct text *out, const char *format, ...) {
    va_list words;
    va_start(words, format);
    int wanted = vsnprintf(out->bytes + out->length, HEAD_MAX - out->length, format, words);
    va_end(words);
    if (wanted < 0 || out->length + (size_t)wanted >= HEAD_MAX) {
        answer("431 Request Header Fields Too Large", "too_large", "The request's head is too long.");
        exit(0);
    }
    out->length += (size_t)wanted;
}

static const char *given(const char *name) {
    const char *value = getenv(name);
    return value ? value : "";
}

/* Control characters would start a header of their own. */
static int is_plain(const char *value) {
    for (; *value; value++)
        if ((unsigned char)*value < ' ' || *value == 127)
            return 0;
    return 1;
}

/* The name of who is signed in to DSM, or "" for nobody. */
static void ask_who(char *user, size_t room) {
    int ends[2];
    user[0] = 0;
    if (pipe(ends))
        return;
    pid_t child = fork();
    if (child == 0) {
        char *kept[16];
        int count = 0, nothing = open("/dev/null", O_RDWR);
        for (int i = 0; ASKED_WITH[i]; i++)
            for (char **one = environ; *one; one++) {
                size_t length = strlen(ASKED_WITH[i]);
                if (count < 12 && !strncmp(*one, ASKED_WITH[i], length) && (*one)[length] == '=')
                    kept[count++] = *one;
            }
        /* As a POST it would read the request's body, which is not for it. */
        kept[count++] = "REQUEST_METHOD=GET";
        kept[count++] = "CONTENT_LENGTH=";
        kept[count++] = "PATH=/sbin:/bin:/usr/sbin:/usr/bin:/usr/syno/bin:/usr/syno/sbin";
        kept[count] = NULL;
        dup2(nothing, 0);
        dup2(ends[1], 1);
        dup2(nothing, 2);
        close(ends[0]);
        close(ends[1]);
        execle(AUTHENTICATE, AUTHENTICATE, (char *)NULL, kept);
        _exit(127);
    }
    close(ends[1]);
    size_t length = 0;
    ssize_t more;
    while (length + 1 < room && (more = read(ends[0], user + length, room - 1 - length)) > 0)
        length += (size_t)more;
    close(ends[0]);
    if (child > 0)
        waitpid(child, NULL, 0);
    user[length] = 0;
    user[strcspn(user, "\r\n")] = 0;
}

/* X-SYNO-TOKEN from HTTP_X_SYNO_TOKEN. */
static void header_name(const char *variable, char *name, size_t room) {
    size_t i = 0;
    for (; variable[i] && i + 1 < room; i++)
        name[i] = variable[i] == '_' ? '-' : (char)tolower((unsigned char)variable[i]);
    name[i] = 0;
}

static int is_passed(const char *name) {
    return strncmp(name, "x-mailroom-", 11) && strncmp(name, "x-forwarded-", 12) && strcmp(name, "connection") &&
           strcmp(name, "transfer-encoding") && strcmp(name, "content-length") && strcmp(name, "content-type") &&
           strcmp(name, "expect") && strcmp(name, "proxy");
}

static void write_head(struct text *head, const char *user) {
    const char *path = given("PATH_INFO"), *query = given("QUERY_STRING"), *length = given("CONTENT_LENGTH");
    const char *address = given("REMOTE_ADDR"), *method = given("REQUEST_METHOD"), *type = given("CONTENT_TYPE");
    if (!(is_plain(method) && is_plain(path) && is_plain(query) && is_plain(length) && is_plain(address)) ||
        strchr(path, ' ')) {
        answer("400 Bad Request", "invalid", "This address is not valid.");
        exit(0);
    }
    add(head, "%s %s%s%s HTTP/1.0\r\n", method, *path ? path : "/", *query ? "?" : "", query);
    add(head, "X-Mailroom-User: %s\r\nX-Mailroom-Address: %s\r\n", user, address);
    if (*length)
        add(head, "Content-Length: %s\r\n", length);
    if (*type && is_plain(type))
        add(head, "Content-Type: %s\r\n", type);
    for (char **one = environ; *one; one++) {
        char name[256], variable[256];
        const char *value = strchr(*one, '=');
        if (strncmp(*one, "HTTP_", 5) || !value || value - *one > 250)
            continue;
        snprintf(variable, sizeof variable, "%.*s", (int)(value - *one - 5), *one + 5);
        header_name(variable, name, sizeof name);
        if (is_passed(name) && is_plain(value + 1))
            add(head, "%s: %s\r\n", name, value + 1);
    }
    add(head, "Connection: close\r\n\r\n");
}

static int write_all(int to, const char *bytes, size_t length) {
    while (length) {
        ssize_t done = write(to, bytes, length);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return -1;
        bytes += done;
        length -= (size_t)done;
    }
    return 0;
}

/* A web process that is just being restarted is back in a moment: nobody has to hear of that. */
static int connect_to_us(void) {
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    strncpy(place.sun_path, SOCKET_PATH, sizeof place.sun_path - 1);
    for (int left = TRIES; left > 0; left--) {
        int link = socket(AF_UNIX, SOCK_STREAM, 0);
        if (link < 0 || connect(link, (struct sockaddr *)&place, sizeof place) == 0)
            return link;
        close(link);
        poll(NULL, 0, PAUSE_MS);
    }
    return -1;
}

/* While it starts there is nobody at the socket: a page that tries again by itself, or JSON for the program behind it. */
static void not_running(void) {
    if (strstr(given("HTTP_ACCEPT"), "text/html") == NULL) {
        answer("503 Service Unavailable", "unavailable", "Mailroom is starting, or it has been stopped.");
        return;
    }
    printf("Status: 503 Service Unavailable\r\nContent-Type: text/html; charset=utf-8\r\nRefresh: 3\r\n"
           "Cache-Control: no-store\r\n\r\n<!doctype html><html lang=\"en\"><title>Mailroom</title>"
           "<body style=\"font:14px sans-serif;margin:3em;color:#333\">"
           "<h1 style=\"font-size:18px\">Mailroom is starting</h1>"
           "<p>This page goes on by itself. If it stays like this for more than a minute, look in Package Center whether "
           "Mailroom is running, and start it there.</p>\n");
}

/* "HTTP/1.1 200 OK" from the web process becomes CGI's "Status: 200 OK"; everything behind it passes as it is. */
static void carry(int link) {
    char piece[PIECE];
    long left = atol(given("CONTENT_LENGTH"));
    int in_first_line = 1;
    char first[256];
    size_t first_length = 0;
    for (;;) {
        struct pollfd both[2] = {{.fd = link, .events = POLLIN}, {.fd = left > 0 ? 0 : -1, .events = POLLIN}};
        if (poll(both, 2, -1) < 0 && errno != EINTR)
            return;
        if (both[1].revents & (POLLIN | POLLHUP)) {
            ssize_t more = read(0, piece, left < PIECE ? (size_t)left : PIECE);
            if (more <= 0 || write_all(link, piece, (size_t)more))
                left = 0;
            else
                left -= more;
        }
        if (both[0].revents & (POLLIN | POLLHUP | POLLERR)) {
            ssize_t more = read(link, piece, PIECE);
            if (more <= 0)
                return;
            char *from = piece;
            while (in_first_line && more > 0) {
                char letter = *from++;
                more--;
                if (letter == '\n') {
                    in_first_line = 0;
                    first[first_length] = 0;
                    const char *status = strchr(first, ' ');
                    char line[300];
                    int length = snprintf(line, sizeof line, "Status: %s\r\n", status ? status + 1 : "502 Bad Gateway");
                    if (write_all(1, line, (size_t)length))
                        return;
                } else if (letter != '\r' && first_length + 1 < sizeof first) {
                    first[first_length++] = letter;
                }
            }
            if (more > 0 && write_all(1, from, (size_t)more))
                return;
        }
    }
}

/* Give up what rights there are, and carry request and answer. It ends with its parent, whatever ends that. */
static void serve(const char *user) {
    static struct text head;
    if (geteuid() == 0 && (setgroups(0, NULL) || setgid(OUR_ID) || setuid(OUR_ID))) {
        answer("500 Internal Server Error", "failed", "The relay cannot give up its rights.");
        return;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* Who refuses a long body early closes early; the answer is there all the same. */
    signal(SIGPIPE, SIG_IGN);
    write_head(&head, user);
    int link = connect_to_us();
    if (link < 0)
        not_running();
    else if (write_all(link, head.bytes, head.length) == 0)
        carry(link);
}

/* Until the child at the other end of `pipe_end` is done, or the user for whom it works is signed in no longer. */
static void watch(pid_t child, int pipe_end, const char *user) {
    struct pollfd done = {.fd = pipe_end, .events = POLLIN};
    char now[NAME_MAX_BYTES];
    for (;;) {
        int found = poll(&done, 1, *user ? ASK_AGAIN_MS : -1);
        if (found > 0 || (found < 0 && errno != EINTR))
            break;
        ask_who(now, sizeof now);
        if (strcmp(now, user)) {
            kill(child, SIGKILL);
            break;
        }
    }
    waitpid(child, NULL, 0);
}

int main(void) {
    char user[NAME_MAX_BYTES];
    int ends[2];
    ask_who(user, sizeof user);
    if (!is_plain(user))
        user[0] = 0;
    pid_t child = pipe(ends) ? -1 : fork();
    if (child < 0) {
        answer("503 Service Unavailable", "unavailable", "The NAS is too busy.");
        return 0;
    }
    if (child == 0) {
        close(ends[0]);
        serve(user);
        return 0;
    }
    close(ends[1]);
    watch(child, ends[0], user);
    return 0;
}
