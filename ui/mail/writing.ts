import { onBeforeUnmount, onMounted, ref, shallowRef } from 'vue'
import { toast } from '../kit/toasts'
import { t } from '../shared/i18n'
import { Problem, problemOf } from '../shared/problem'
import {
  draftFrom,
  emptyDraft,
  localDraft,
  openedDraft,
  type Draft,
  type Kind,
  type OpenedDraft,
} from './drafts'
import * as local from './localDrafts'
import { folderPath, type Mailbox } from './mailbox'
import { followOutgoing, readOutgoing, type Outgoing } from './outgoing'
import { saveFacts } from './saving'
import { api } from './session'
import type { Session } from './types'

const AGAIN_MS = 15_000
type Closed = { how: 'nothing' | 'saved' | 'discarded'; uid: number | null; draft: Draft | null }

/** The one message that is being written: begun, opened again, continued after a crash, closed and sent. */
export function useWriting(me: Session, box: Mailbox) {
  /** While a message is written or about to be, keys are text and no shortcuts. */
  const writing = ref(false)
  const draft = shallowRef<{
    draft: Draft
    from: { folder: string; uid: number } | null
    key: number
  } | null>(null)
  const notSent = ref<Outgoing[]>([])
  let count = 0
  let timer: ReturnType<typeof setInterval> | undefined

  const draftsFolder = () => box.folders.value.find((one) => one.use === 'drafts')?.id ?? 'Drafts'

  function begin(made: Draft, from: { folder: string; uid: number } | null = null): void {
    draft.value = { draft: made, from, key: ++count }
    writing.value = true
  }

  function compose(): void {
    // One message at a time: what is being written is never thrown away by a key.
    if (draft.value) writing.value = true
    else begin(emptyDraft(me))
  }

  async function answer(kind: Exclude<Kind, 'new'>): Promise<void> {
    const message = box.open.value
    if (!message || draft.value || writing.value) return
    writing.value = true
    const from = { folder: box.current.value, uid: message.uid }
    try {
      const { bodyOf } = await import('../shared/sanitize')
      const page = await fetch(
        `api/${folderPath(from.folder)}/messages/${from.uid}/body?images=0&theme=light`,
      )
      if (!page.ok) throw new Error(t('problem.status', { status: page.status }))
      const body = bodyOf(await page.text())
      begin(draftFrom(kind, message, from.folder, body, me), kind === 'forward' ? from : null)
    } catch (reason) {
      writing.value = false
      toast(problemOf(reason).told, 'bad')
    }
  }

  /** A draft that lies in Drafts; whether it is open now. */
  async function reopen(uid: number, quietly = false): Promise<boolean> {
    if (draft.value) {
      toast(t('compose.one_at_a_time'), 'bad')
      return false
    }
    try {
      const found = await api.post<OpenedDraft>(`drafts/${uid}/open`)
      if (draft.value) return false
      begin(openedDraft(found, me))
      return true
    } catch (reason) {
      if (!quietly) toast(problemOf(reason).told, 'bad')
      return false
    }
  }

  function gone(): void {
    draft.value = null
    writing.value = false
  }

  function closed({ how, uid, draft: left }: Closed): void {
    gone()
    void box.changed()
    if (left) offerAgain(() => begin(left))
    else if (uid === null) return
    else if (how === 'saved') {
      toast(t('compose.in_drafts'), 'good', { label: t('compose.discard'), run: () => void discard(uid) })
    } else void discard(uid, how === 'nothing')
  }

  const offerAgain = (run: () => unknown) =>
    toast(t('compose.discarded'), 'good', { label: t('undo'), key: 'z', run })

  /** Into Trash, from which it comes back. quietly: there is nothing in it. */
  async function discard(uid: number, quietly = false): Promise<void> {
    const folder = draftsFolder()
    try {
      const { moved } = await api.post<{ moved: { folder: string; uids: number[] } | null }>(
        `${folderPath(folder)}/delete`,
        { uids: [uid] },
      )
      void box.changed()
      if (moved && !quietly) offerAgain(() => bringBack(moved, folder))
    } catch (reason) {
      toast(problemOf(reason).told, 'bad')
    }
  }

  async function bringBack(from: { folder: string; uids: number[] }, to: string): Promise<void> {
    try {
      const back = await api.post<{ moved: { uids: number[] } }>(`${folderPath(from.folder)}/move`, {
        uids: from.uids,
        to,
      })
      void box.changed()
      if (back.moved.uids[0]) await reopen(back.moved.uids[0])
    } catch (reason) {
      toast(problemOf(reason).told, 'bad')
    }
  }

  function sent(held: Outgoing): void {
    gone()
    void box.changed()
    if (held.state === 'sent') toast(t('compose.sent'))
    else follow(held)
  }

  function follow(held: Outgoing): void {
    followOutgoing(held, {
      reopen,
      sent: () => box.changed(),
      failed: (one) => (notSent.value = [...notSent.value, one]),
    })
  }

  /** The person has read why it was not sent, and may want to go on with it. */
  async function read(one: Outgoing, open: boolean): Promise<void> {
    notSent.value = notSent.value.filter((other) => other.message_id !== one.message_id)
    await api.post('outgoing/dismiss', { message_id: one.message_id }).catch(() => undefined)
    if (open && one.draft) await reopen(one.draft.uid)
  }

  /** After a reload or a crash: what waits to be sent, what was not sent, and what was being written. */
  async function resume(): Promise<void> {
    const found = await readOutgoing().catch(() => [])
    notSent.value = found.filter((one) => one.state === 'failed' || one.state === 'interrupted')
    for (const one of found) if (one.state === 'held') follow(one)
    const waits = new Set(found.map((one) => one.message_id))
    const [newest, ...others] = await local.orphans(me.user)
    if (newest && !waits.has(newest.message_id) && !draft.value) {
      if (newest.dirty) begin(localDraft(newest, me))
      else if (!newest.version || (await reopen(newest.version.uid, true))) local.remove(newest)
    }
    for (const one of others) await saveLeft(one)
    timer = setInterval(() => void saveAllLeft(), AGAIN_MS)
  }

  /** What a closed composer could not save, e.g. without a connection. */
  async function saveAllLeft(): Promise<void> {
    for (const one of await local.orphans(me.user)) await saveLeft(one)
  }

  async function saveLeft(one: local.LocalDraft): Promise<void> {
    if (!one.dirty) return local.remove(one)
    try {
      await api.post('drafts', { ...saveFacts(one), token: local.newAttempt(one) })
      local.remove(one)
      void box.changed()
    } catch (reason) {
      // What the server will never take is not tried for ever, and not thrown away either: it opens at the next start.
      if (!(reason instanceof Problem)) throw reason
    }
  }

  onMounted(() => {
    void resume()
    addEventListener('online', saveAllLeft)
  })
  onBeforeUnmount(() => {
    clearInterval(timer)
    removeEventListener('online', saveAllLeft)
  })

  return { writing, draft, notSent, compose, answer, reopen, closed, sent, read }
}
