/**
 * What a text names, as src/mailroom/core/mailbox.py reads it: patient with what came from elsewhere. The server has
 * the last word; tests/samples/addresses.json holds both to the same.
 */
export interface Mailbox {
  name: string
  address: string
}

const LETTERS_MAX = 2000
const ADDRESS_BYTES_MAX = 500
const NOT_ONE_LINE = /[\r\n]/
const ATOMS = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\u{80}-\u{10ffff}-]+$/u
const DOTS_WRONG = /^\.|\.\.|\.$/
const QUOTABLE = /^[ -~\u{80}-\u{10ffff}]+$/u
// Python's str.isprintable: no controls, nothing that changes the direction of writing, no blanks but the space.
const NOT_PRINTABLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u
const LABEL = /^[\p{L}\p{M}\p{N}_]([\p{L}\p{M}\p{N}_-]{0,61}[\p{L}\p{M}\p{N}_])?$/u
const TOP = /^\p{L}/u

/** Quoted strings with their quotes, and single letters. After one that does not end, quotes are letters. */
export function pieces(text: string): string[] {
  const found: string[] = []
  let closed = true
  for (let at = 0; at < text.length; ) {
    const end = closed && text[at] === '"' ? endOfQuote(text, at) : 0
    if (text[at] === '"' && !end) closed = false
    found.push(text.slice(at, end || at + 1))
    at = end || at + 1
  }
  return found
}

/** Where the quoted string that begins here ends, or 0. */
function endOfQuote(text: string, at: number): number {
  for (at++; at < text.length && text[at] !== '"'; at++) if (text[at] === '\\') at++
  return at < text.length ? at + 1 : 0
}

const unescaped = (text: string) => text.replace(/\\(.)/g, '$1')
const isQuoted = (text: string) => text.startsWith('"') && endOfQuote(text, 0) === text.length
const oneLine = (text: string) => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ').trim()

/** The text without what is in parentheses, and that. Parentheses that do not close are letters. */
function withoutComments(text: string): [string, string] {
  let kept = ''
  let comment = ''
  let depth = 0
  for (const piece of pieces(text)) {
    if (piece.length > 1 && !depth) kept += piece
    else if (piece === '(' && (depth || text.includes(')'))) comment += depth++ ? piece : ' '
    else if (piece === ')' && depth) comment += --depth ? piece : ' '
    else if (depth) comment += piece
    else kept += piece
  }
  return depth ? [text, ''] : [kept, oneLine(unescaped(comment))]
}

/** Where the last "<" is that is not within quotes, or -1. */
export function lastBracket(text: string): number {
  let found = -1
  let at = 0
  for (const piece of pieces(text)) {
    if (piece === '<') found = at
    at += piece.length
  }
  return found
}

/** Whether a name ends with another address in brackets, not within quotes: nobody can tell which one is meant. */
function namesAnother(phrase: string, address: string): boolean {
  const at = phrase.endsWith('>') ? lastBracket(phrase) : -1
  return at >= 0 && phrase.slice(at + 1, -1).trim() !== address
}

/** The address and the name in a text, or null when it is no address. */
export function parsed(text: string): Mailbox | null {
  if (text.length > LETTERS_MAX || NOT_ONE_LINE.test(text)) return null
  const [bare, comments] = withoutComments(text)
  let plain = bare.trim()
  let name = ''
  if (plain.endsWith('>')) {
    const at = lastBracket(plain)
    if (at < 0) return null
    const phrase = plain.slice(0, at).trim()
    plain = plain.slice(at + 1, -1).trim()
    if (namesAnother(phrase, plain)) return null
    name = oneLine(isQuoted(phrase) ? unescaped(phrase.slice(1, -1)) : phrase)
  }
  if (/^mailto:/i.test(plain)) plain = decoded(plain.slice(7).split('?')[0] ?? '').trim()
  const at = plain.lastIndexOf('@')
  const local = localPart(plain.slice(0, Math.max(0, at)).trim())
  const domain = plain
    .slice(at + 1)
    .trim()
    .replace(/\.$/, '')
  if (at < 0 || !local || !isDomain(domain)) return null
  const address = `${local}@${domain}`
  return new TextEncoder().encode(address).length <= ADDRESS_BYTES_MAX ? { name: name || comments, address } : null
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A local part as SMTP has it: within quotes where it needs them (RFC 5321 4.1.2); "" for none. */
function localPart(text: string): string {
  const inner = isQuoted(text) ? unescaped(text.slice(1, -1)) : text
  if (NOT_PRINTABLE.test(inner)) return ''
  if (ATOMS.test(inner) && !DOTS_WRONG.test(inner)) return inner
  const usable = isQuoted(text) ? QUOTABLE.test(inner) : ATOMS.test(inner)
  return usable ? `"${inner.replace(/(["\\])/g, '\\$1')}"` : ''
}

function isDomain(text: string): boolean {
  const labels = text.split('.')
  return (
    labels.length > 1 &&
    text.length <= 253 &&
    labels.every((label) => LABEL.test(label)) &&
    TOP.test(labels.at(-1)!) &&
    !labels.at(-1)!.includes('_')
  )
}

export const isAddress = (recipient: string): boolean => parsed(recipient) !== null
