#ifndef PLUGIN_H
#define PLUGIN_H

struct mailbox;

/* match.c: from now on TEXT and BODY are compared with the text of text.h in this folder, indexed or not. */
void match_mailbox_allocated(struct mailbox *box);

/* lookup.c: what the squat index finds is taken for what it is. build.c: it indexes the text of text.h. */
void lookup_init(void);
void build_init(void);

#endif
