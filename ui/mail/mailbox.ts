import { computed, ref, shallowRef } from 'vue'
import { toast } from '../kit/toasts'
import { t } from '../shared/i18n'
import { usePaged } from '../shared/paged'
import { problemOf, type Problem } from '../shared/problem'
import { api } from './session'
import type { Flag, Folder, Message, Row } from './types'

export const INBOX = 'INBOX'
// One column: whoever has dealt with a message there wants the list.
const NARROW = matchMedia('(max-width: 767px)')

/** Where messages are after a move. */
interface Moved {
  folder: string
  uids: number[]
}

export const folderPath = (id: string): string => `folders/${encodeURIComponent(id)}`
export const folderName = (folder: Folder): string => (folder.use ? t(`folder.${folder.use}`) : folder.name)

/** Everything that is on screen of a mailbox: folders, the list, the open message, and what can be done with them. */
export function useMailbox() {
  const folders = ref<Folder[]>([])
  const current = ref(INBOX)
  const search = ref('')
  const chosen = ref(new Set<number>())
  const open = shallowRef<Message | null>(null)
  const openIndex = ref(-1)
  /** Of the message that is open or being opened; 0: none. */
  const openUid = ref(0)
  const openProblem = shallowRef<Problem | null>(null)
  /** Messages in Trash about which a question is open. */
  const destroying = ref<number[]>([])
  let opening = 0
  const gone = new Set<string>()

  const folder = computed(() => folders.value.find((one) => one.id === current.value))
  const inTrash = computed(() => folder.value?.use === 'trash')
  /** What an action is about: the ticked messages, else the open one. */
  const targets = computed(() => (chosen.value.size ? [...chosen.value] : open.value ? [open.value.uid] : []))

  const list = usePaged<Row>(async (offset, limit, signal) => {
    const query = { offset, limit, search: search.value }
    const found = await api.get<{ total: number; messages: Row[] }>(
      `${folderPath(current.value)}/messages`,
      query,
      signal,
    )
    return { total: found.total, rows: found.messages }
  })

  async function readFolders(): Promise<void> {
    try {
      folders.value = (await api.get<{ folders: Folder[] }>('folders')).folders
    } catch (reason) {
      if (problemOf(reason).status !== 401) toast(problemOf(reason).told, 'bad')
    }
  }

  function close(): void {
    opening++
    open.value = null
    openUid.value = 0
    openIndex.value = -1
    openProblem.value = null
  }

  async function show(id: string, words = ''): Promise<void> {
    current.value = id
    search.value = words
    chosen.value = new Set()
    close()
    await list.reset()
  }

  async function find(text: string): Promise<void> {
    search.value = text
    chosen.value = new Set()
    close()
    await list.reset()
  }

  async function read(index: number): Promise<void> {
    const row = list.at(index)
    if (row) await openMessage(row.uid, index)
  }

  /** Open a message of this folder, wherever in the list it is. */
  const readUid = (uid: number) => openMessage(uid, indexOf(uid))

  async function openMessage(uid: number, index: number): Promise<void> {
    const mine = ++opening
    openIndex.value = index
    openUid.value = uid
    openProblem.value = null
    try {
      const message = await api.get<Message>(`${folderPath(current.value)}/messages/${uid}`)
      if (mine !== opening) return
      open.value = message
      if (list.at(index)?.seen === false) {
        list.patch((one) => (one.uid === uid ? { ...one, seen: true } : one))
        count(current.value, -1)
      }
    } catch (reason) {
      if (mine !== opening) return
      open.value = null
      openProblem.value = problemOf(reason)
    }
  }

  function count(id: string, by: number): void {
    folders.value = folders.value.map((one) =>
      one.id === id ? { ...one, unread: Math.max(0, one.unread + by) } : one,
    )
  }

  /** Something may have changed in a folder: by another program, another window, or new mail. */
  async function changed(id?: string): Promise<void> {
    await readFolders()
    if (id && id !== current.value) return
    await list.reload()
    if (open.value) openIndex.value = indexOf(open.value.uid)
  }

  /** Where a message is in the list now; -1 when it is not among the rows at hand. */
  function indexOf(uid: number): number {
    for (let index = 0; index < list.total.value; index++) {
      if (list.at(index)?.uid === uid) return index
      if (index > 500) break
    }
    return -1
  }

  async function act<T>(path: string, body: unknown, id = current.value): Promise<T | null> {
    try {
      return await api.post<T>(`${folderPath(id)}/${path}`, body)
    } catch (reason) {
      toast(problemOf(reason).told, 'bad')
      return null
    }
  }

  async function flag(name: Flag, on: boolean, uids = targets.value): Promise<void> {
    if (!uids.length) return
    const about = new Set(uids)
    const paint = (value: boolean) => {
      list.patch((row) => (about.has(row.uid) ? { ...row, [name]: value } : row))
      if (open.value && about.has(open.value.uid)) open.value = { ...open.value, [name]: value }
    }
    paint(on)
    if (await act('flags', { uids, add: on ? [name] : [], remove: on ? [] : [name] })) await readFolders()
    else paint(!on)
  }

  /** Take messages out of this folder; what was open gives way to the next one. It can be undone for a while. */
  async function takeAway(path: string, uids: number[], body: object, done: string): Promise<void> {
    const from = current.value
    const found = uids.length ? await act<{ moved?: Moved | null }>(path, { uids, ...body }) : null
    if (!found) return
    const moved = found.moved
    const undo = moved?.uids.length
      ? { label: t('undo'), key: 'z', run: () => bringBack(moved, from) }
      : undefined
    toast(t(done, { n: uids.length }), 'good', undo)
    for (const uid of uids) gone.add(`${from}/${uid}`)
    const wasOpen = open.value !== null && uids.includes(open.value.uid)
    // -1 as well where it was opened by its address, and is not among the rows at hand.
    const was = wasOpen ? openIndex.value : -1
    if (wasOpen) close()
    chosen.value = new Set()
    await Promise.all([list.reload(), readFolders()])
    if (was >= 0 && !NARROW.matches && current.value === from && !open.value) {
      const next = Math.min(was, list.total.value - 1)
      if (next >= 0) await read(next)
    }
  }

  async function bringBack(moved: Moved, to: string): Promise<void> {
    if (!(await act('move', { uids: moved.uids, to }, moved.folder))) return
    toast(t('mail.undone'))
    await changed()
  }

  /** Into Trash; from Trash for good, after a question. */
  async function remove(uids = targets.value): Promise<void> {
    if (inTrash.value) destroying.value = uids
    else await takeAway('delete', uids, {}, 'mail.deleted')
  }

  async function destroy(): Promise<void> {
    const uids = destroying.value
    destroying.value = []
    await takeAway('delete', uids, {}, 'mail.gone')
  }

  const moveTo = (to: string, uids = targets.value) => takeAway('move', uids, { to }, 'mail.moved')

  return {
    folders,
    folder,
    current,
    search,
    list,
    chosen,
    open,
    openIndex,
    openUid,
    openProblem,
    targets,
    inTrash,
    destroying,
    readFolders,
    show,
    find,
    read,
    readUid,
    isGone: (id: string, uid: number) => gone.has(`${id}/${uid}`),
    close,
    changed,
    flag,
    remove,
    destroy,
    moveTo,
  }
}

export type Mailbox = ReturnType<typeof useMailbox>
