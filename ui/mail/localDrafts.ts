import type { Files, Version } from './drafts'

/** What a person has written, as it lies in this browser until it is in Drafts, and while it is being written. */
export interface Written {
  message_id: string
  to: string[]
  cc: string[]
  bcc: string[]
  subject: string
  html: string
  text: string
  files: Files
  source: { folder: string; uid: number } | null
  references: string[]
}

export interface LocalDraft extends Written {
  /** Of this composer; no two pages have the same. */
  id: string
  user: string
  version: Version | null
  /** Names of saves whose answer never came. */
  attempts: string[]
  /** Whether something in it is not in Drafts. */
  dirty: boolean
  /** Milliseconds since the epoch. */
  changed: number
}

const PREFIX = 'mailroom.draft.'
const ANSWER_MS = 300
/** The composers of this page. */
const mine = new Set<string>()
// Other pages are asked which drafts they have open: theirs are not taken over.
const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('mailroom-drafts')
channel?.addEventListener('message', ({ data }: MessageEvent<{ question?: string }>) => {
  if (data.question) channel.postMessage({ answer: data.question, open: [...mine] })
})

const keyOf = (draft: { user: string; id: string }) => `${PREFIX}${draft.user}.${draft.id}`

export function newId(): string {
  const random = crypto.getRandomValues(new Uint8Array(12))
  return [...random].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** A composer opens or closes in this page. */
export function claim(id: string): void {
  mine.add(id)
}
export function release(id: string): void {
  mine.delete(id)
}

/** The name of one more save, written down before the save is sent: its answer may never come. */
export function newAttempt(draft: LocalDraft): string {
  const token = newId()
  store({ ...draft, attempts: [...draft.attempts, token] })
  return token
}

/** Whether it could be written down here; a browser's room is small. */
export function store(draft: LocalDraft): boolean {
  try {
    localStorage.setItem(keyOf(draft), JSON.stringify(draft))
    return true
  } catch {
    return false
  }
}

export function remove(draft: { user: string; id: string }): void {
  try {
    localStorage.removeItem(keyOf(draft))
  } catch {
    // No storage, nothing to remove.
  }
}

function all(user: string): LocalDraft[] {
  const found: LocalDraft[] = []
  try {
    for (let at = 0; at < localStorage.length; at++) {
      const key = localStorage.key(at)
      if (!key?.startsWith(`${PREFIX}${user}.`)) continue
      const draft = JSON.parse(localStorage.getItem(key) ?? 'null') as LocalDraft | null
      if (draft?.user === user && keyOf(draft) === key) found.push(draft)
    }
  } catch {
    // What cannot be read is no draft.
  }
  return found.sort((one, other) => other.changed - one.changed)
}

/** The drafts that no open page has, the newest first. */
export async function orphans(user: string): Promise<LocalDraft[]> {
  const open = new Set(mine)
  if (channel && all(user).length) {
    const question = newId()
    const listen = ({ data }: MessageEvent<{ answer?: string; open?: string[] }>) => {
      if (data.answer === question) data.open?.forEach((id) => open.add(id))
    }
    channel.addEventListener('message', listen)
    channel.postMessage({ question })
    await new Promise((resolve) => setTimeout(resolve, ANSWER_MS))
    channel.removeEventListener('message', listen)
  }
  return all(user).filter((draft) => !open.has(draft.id) && !mine.has(draft.id))
}

/** At signing out: what is in Drafts anyway is not left behind in the browser. */
export function removeSaved(user: string): void {
  for (const draft of all(user)) if (!draft.dirty) remove(draft)
}
