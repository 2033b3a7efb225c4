import { longMoment } from '../shared/format'
import { t } from '../shared/i18n'
import { distinct, nameOf, written } from './addresses'
import type { LocalDraft } from './localDrafts'
import type { Attachment, Message, Person } from './types'

export type Kind = 'new' | 'reply' | 'reply_all' | 'forward'

/** One stored message in Drafts. */
export interface Version {
  uidvalidity: number
  uid: number
}

/** Files that are on the server already, as uploads. */
export type Files = { id: string; name: string; size: number }[]

/** A draft as the server opens it. */
export interface OpenedDraft {
  version: Version
  message_id: string
  to: string[]
  cc: string[]
  bcc: string[]
  subject: string
  html: string
  attachments: Files
  reply_to: { folder: string; uid: number } | null
  references: string[]
}

export interface Draft {
  /** Made once: a request that is sent again sends nothing twice. */
  message_id: string
  kind: Kind
  to: string[]
  cc: string[]
  bcc: string[]
  subject: string
  /** HTML put below the cursor; cleaned before it gets into the editor. */
  quote: string
  /** Of the message that is forwarded: to be fetched and attached. */
  attachments: Attachment[]
  source: { folder: string; uid: number } | null
  /** What was written already, of a draft that is opened again; "" for a fresh one. */
  html: string
  files: Files
  references: string[]
  version: Version | null
  attempts: string[]
  /** Whether something in it is not in Drafts yet. */
  changed: boolean
  /** The name of its copy in this browser, if there is one already. */
  local: string
}

export interface Me {
  address: string
}

/** A domain as identifiers have it: its letters outside ASCII as A-labels, which the browser knows. */
function inAscii(domain: string): string {
  try {
    return new URL(`http://${domain}`).hostname
  } catch {
    return 'localhost'
  }
}

/** A new Message-ID (RFC 5322 3.6.4). Not crypto.randomUUID: that is missing on plain http. */
export function newMessageId(me: Me): string {
  const random = crypto.getRandomValues(new Uint8Array(16))
  const name = [...random].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return `<${name}@${inAscii(me.address.split('@')[1] ?? 'localhost')}>`
}

export function emptyDraft(me: Me, to: string[] = []): Draft {
  return {
    message_id: newMessageId(me),
    kind: 'new',
    to,
    cc: [],
    bcc: [],
    subject: '',
    quote: '',
    attachments: [],
    source: null,
    html: '',
    files: [],
    references: [],
    version: null,
    attempts: [],
    changed: false,
    local: '',
  }
}

/** A draft from Drafts, ours or of another program. */
export function openedDraft(found: OpenedDraft, me: Me): Draft {
  const { reply_to, attachments, message_id, ...known } = found
  const fresh = emptyDraft(me)
  return {
    ...fresh,
    ...known,
    message_id: message_id || fresh.message_id,
    files: attachments,
    source: reply_to,
  }
}

/** A draft as this browser has kept it. */
export function localDraft(found: LocalDraft, me: Me): Draft {
  const { to, cc, bcc, subject, html, files, source, references, version, attempts, message_id } = found
  const known = { to, cc, bcc, subject, html, files, source, references, version, attempts, message_id }
  return { ...emptyDraft(me), ...known, changed: found.dirty, local: found.id }
}

/** "Re: " or "Fwd: " before a subject, once. */
export function prefixed(prefix: string, subject: string): string {
  return subject.toLowerCase().startsWith(`${prefix.toLowerCase()}:`) ? subject : `${prefix}: ${subject}`
}

/** The draft that answers or forwards a message. `body`: its HTML as the server has cleaned it. */
export function draftFrom(
  kind: Exclude<Kind, 'new'>,
  message: Message,
  folder: string,
  body: string,
  me: Me,
): Draft {
  const draft = { ...emptyDraft(me), kind, quote: quoted(kind, message, wrapping(body)) }
  if (kind === 'forward') {
    // The editor takes no pictures of the message; they go along as files.
    const attachments = [...message.attachments, ...message.pictures]
    return { ...draft, subject: prefixed('Fwd', message.subject), attachments }
  }
  const answered = answeredBy(message, me)
  const to = distinct(kind === 'reply' ? answered : [...answered, ...message.to], [me.address])
  const cc = kind === 'reply' ? [] : distinct(message.cc, [me.address, ...to.map((one) => one.address)])
  return {
    ...draft,
    to: (to.length ? to : answered).map(written),
    cc: cc.map(written),
    subject: prefixed('Re', message.subject),
    source: { folder, uid: message.uid },
  }
}

/**
 * Who gets the answer. A Reply-To of somebody else counts whoever wrote it: contact forms and shops write in one's own
 * name. My own message without one goes to whom it went.
 */
function answeredBy(message: Message, me: Me): Person[] {
  const mine = (one: Person) => one.address.toLowerCase() === me.address.toLowerCase()
  const wanted = message.reply_to.filter((one) => !mine(one))
  if (wanted.length) return wanted
  return mine(message.from) ? message.to : [message.from]
}

function quoted(kind: Kind, message: Message, body: string): string {
  const date = longMoment(new Date(message.date))
  if (kind === 'forward') {
    const lines: [string, string][] = [
      [t('compose.from'), written(message.from)],
      [t('compose.date'), date],
      [t('compose.subject'), message.subject],
      [t('compose.to'), message.to.map(written).join(', ')],
    ]
    const head = lines.map(([name, value]) => `<b>${escaped(name)}:</b> ${escaped(value)}<br>`).join('')
    return `<div>${escaped(t('compose.forwarded'))}<br>${head}</div><div><br></div>${body}`
  }
  const intro = t('compose.wrote', { date, name: nameOf(message.from) })
  return `<div>${escaped(intro)}</div><blockquote type="cite">${body}</blockquote>`
}

/** Plain text stands in <pre>, whose lines run out of every window: as lines that wrap, with the blanks they have. */
export function wrapping(body: string): string {
  const page = new DOMParser().parseFromString(body, 'text/html').body
  for (const old of page.querySelectorAll('pre')) {
    const lines = document.createElement('div')
    const walk = document.createTreeWalker(old, NodeFilter.SHOW_TEXT)
    while (walk.nextNode()) {
      const node = walk.currentNode as Text
      node.data = node.data.replace(/\t/g, '    ').replace(/ (?= )/g, '\u00a0')
    }
    lines.append(...old.childNodes)
    lines.innerHTML = lines.innerHTML.replace(/\r?\n/g, '<br>')
    old.replaceWith(lines)
  }
  return page.innerHTML
}

export function escaped(text: string): string {
  const holder = document.createElement('i')
  holder.textContent = text
  return holder.innerHTML
}
