import { onBeforeUnmount, onMounted, watch } from 'vue'
import { INBOX, type Mailbox } from './mailbox'

/** What is on screen. uid: of the open message, or 0; search: the words that are searched for, or "". */
export interface Place {
  folder: string
  uid: number
  search: string
}

/** Changes that follow each other faster are one step back: a key held down, words being typed. */
const ONE_STEP_MS = 800

/** The address of a place: #FOLDER, #FOLDER/UID, #FOLDER?q=WORDS. */
export function hashOf({ folder, uid = 0, search = '' }: Pick<Place, 'folder'> & Partial<Place>): string {
  const words = search ? `?q=${encodeURIComponent(search)}` : ''
  return `#${encodeURIComponent(folder)}${uid ? `/${uid}` : ''}${words}`
}

/** What an address without a place names. */
const START = hashOf({ folder: INBOX })

/** The place that an address names; what cannot be read is the inbox. */
export function placeOf(hash: string): Place {
  const found = /^#([^/?]+)(?:\/([1-9][0-9]{0,9}))?(?:\?q=(.*))?$/.exec(hash)
  try {
    return {
      folder: decodeURIComponent(found?.[1] ?? INBOX),
      uid: Number(found?.[2] ?? 0),
      search: decodeURIComponent(found?.[3] ?? ''),
    }
  } catch {
    return { folder: INBOX, uid: 0, search: '' }
  }
}

/** Keep the address and what is on screen the same, each way. The page before is one step back, also on a phone. */
export function usePlaces(box: Mailbox): void {
  let following = 0
  let turn = 0
  let changedAt = 0

  const shown = (): Place => ({
    folder: box.current.value,
    uid: box.openUid.value,
    search: box.search.value,
  })

  async function follow(first = false): Promise<void> {
    const place = placeOf(location.hash)
    const mine = ++turn
    following++
    try {
      const { folder, search } = shown()
      if (first || place.folder !== folder || place.search !== search)
        await box.show(place.folder, place.search)
      // Whoever went on meanwhile is in another folder, where this number is another message.
      if (mine !== turn || box.current.value !== place.folder || box.search.value !== place.search) return
      if (place.uid && place.uid !== box.openUid.value) await box.readUid(place.uid)
      else if (!place.uid) box.close()
    } finally {
      following--
      // Whoever went on to another place meanwhile is there now.
      write()
    }
  }

  function write(): void {
    const hash = hashOf(shown())
    const here = location.hash || START
    if (following || hash === here) return
    const before = placeOf(location.hash)
    const fast = Date.now() - changedAt < ONE_STEP_MS && (before.uid !== 0) === (box.openUid.value !== 0)
    changedAt = Date.now()
    // The list that is one step back is not put on top of the message once more.
    if (history.state?.over === hash) history.back()
    else if (fast || box.isGone(before.folder, before.uid)) history.replaceState(history.state, '', hash)
    else history.pushState({ over: here }, '', hash)
  }

  const moved = () => void follow()
  watch(() => hashOf(shown()), write)
  onMounted(() => {
    addEventListener('popstate', moved)
    void follow(true)
  })
  onBeforeUnmount(() => removeEventListener('popstate', moved))
}
