import { ref, shallowRef } from 'vue'
import { toast } from '../kit/toasts'
import { t } from '../shared/i18n'
import { problemOf, type Problem } from '../shared/problem'
import { folderName, folderPath, INBOX, type Mailbox } from './mailbox'
import { api } from './session'
import type { Folder } from './types'

/** What a dialog is open for. folder: null for a new one; parent: the id of the folder around it, or TOP. */
export interface FolderDraft {
  folder: Folder | null
  name: string
  parent: string
}

/**
 * What is deleted for good, once that is confirmed. count: messages in it, folders inside included; counted: the
 * `next_uid` of each, so that nothing goes that came while the question was open.
 */
export interface Doomed {
  folder: Folder
  empty: boolean
  count: number
  counted: Record<string, number>
}

const SEPARATOR = '/'
/** The place at the top: a choice without a value is none. */
const TOP = '/'
const isInside = (id: string, other: string) => id.startsWith(other + SEPARATOR)
export const parentOf = (id: string): string => id.slice(0, Math.max(0, id.lastIndexOf(SEPARATOR)))

/** What users do with folders: make, rename, move, delete, empty. */
export function useFolderChanges(box: Mailbox) {
  const draft = ref<FolderDraft | null>(null)
  const doomed = ref<Doomed | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const busy = ref(false)

  const trash = () => box.folders.value.find((one) => one.use === 'trash')?.id ?? ''
  const within = (id: string) => box.folders.value.filter((one) => isInside(one.id, id))

  function ask(folder: Folder, empty: boolean): void {
    const all = [folder, ...within(folder.id)]
    doomed.value = {
      folder,
      empty,
      count: all.reduce((sum, one) => sum + one.total, 0),
      counted: Object.fromEntries(all.map((one) => [one.id, one.next_uid])),
    }
  }

  /** Where a folder may be: at the top, or in any but itself, those inside of it, and Trash. */
  const places = (folder: Folder | null) => [
    { value: TOP, label: t('folders.top') },
    ...box.folders.value
      .filter((one) => !folder || (one.id !== folder.id && !isInside(one.id, folder.id)))
      .filter((one) => one.use !== 'trash' && !isInside(one.id, trash()))
      .map((one) => ({ value: one.id, label: `${'\u2003'.repeat(one.depth)}${folderName(one)}` })),
  ]

  function edit(folder: Folder | null, parent = TOP): void {
    problem.value = null
    draft.value = folder
      ? { folder, name: folder.name, parent: parentOf(folder.id) || TOP }
      : { folder: null, name: '', parent }
  }

  /** Follow a folder that is on screen, or has one inside that is, to where it is now. */
  async function after(old: string, now: string | null): Promise<void> {
    const { current } = box
    await box.readFolders()
    if (current.value !== old && !isInside(current.value, old)) return
    await box.show(now === null ? INBOX : now + current.value.slice(old.length))
  }

  async function save(): Promise<void> {
    const { folder, name, parent } = draft.value!
    busy.value = true
    problem.value = null
    try {
      const path = folder ? `${folderPath(folder.id)}/rename` : 'folders'
      const place = { name, parent: parent === TOP ? '' : parent }
      const { id } = await api.post<{ id: string }>(path, place)
      draft.value = null
      if (folder) await after(folder.id, id)
      else {
        await box.readFolders()
        await box.show(id)
      }
    } catch (reason) {
      problem.value = problemOf(reason)
    } finally {
      busy.value = false
    }
  }

  /** Into Trash, which can be undone; from Trash for good, after a question. */
  async function remove(folder: Folder): Promise<void> {
    if (isInside(folder.id, trash())) ask(folder, false)
    else await take(folder)
  }

  /** counted: it was asked about and is deleted for good. */
  async function take(folder: Folder, counted?: Record<string, number>): Promise<void> {
    try {
      const path = `${folderPath(folder.id)}/remove`
      const { id } = await api.post<{ id: string | null }>(path, {
        for_good: !!counted,
        counted: counted ?? {},
      })
      const undo = id ? { label: t('undo'), key: 'z', run: () => bringBack(id, folder) } : undefined
      toast(t(id ? 'folders.in_trash' : 'folders.gone', { name: folder.name }), 'good', undo)
      await after(folder.id, null)
    } catch (reason) {
      toast(problemOf(reason).told, 'bad')
      await box.readFolders()
    }
  }

  async function bringBack(id: string, folder: Folder): Promise<void> {
    try {
      const place = { name: folder.name, parent: parentOf(folder.id) }
      await api.post(`${folderPath(id)}/rename`, place)
      toast(t('mail.undone'))
    } catch (reason) {
      toast(problemOf(reason).told, 'bad')
    }
    await box.readFolders()
  }

  const empty = (folder: Folder) => ask(folder, true)

  async function destroy(): Promise<void> {
    const { folder, empty, counted } = doomed.value!
    doomed.value = null
    if (!empty) return take(folder, counted)
    try {
      const { deleted } = await api.post<{ deleted: number }>(`${folderPath(folder.id)}/empty`, { counted })
      toast(t('mail.gone', { n: deleted }))
    } catch (reason) {
      toast(problemOf(reason).told, 'bad')
    }
    await box.readFolders()
    // Nothing of what is gone stays on screen.
    const { current } = box
    if (current.value === folder.id || isInside(current.value, folder.id)) await box.show(folder.id)
  }

  const isEmpty = (folder: Folder) => !folder.total && !within(folder.id).length

  return { draft, doomed, problem, busy, places, isEmpty, edit, save, remove, empty, destroy }
}

export type FolderChanges = ReturnType<typeof useFolderChanges>
