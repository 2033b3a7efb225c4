import { computed, ref } from 'vue'

const REMEMBERED = 'mailroom.page'
const address = ref(location.hash.slice(1) || remembered())

/** Menu entry and tab on screen, as in #service/protocol. */
export const route = computed(() => {
  const [menu = '', tab = ''] = address.value.split('/')
  return { menu, tab }
})

/** Where one wants to go while something is unsaved; a dialog asks. */
export const leaving = ref<string | null>(null)

let unsaved: () => boolean = () => false

/** A page that can hold unsaved changes says so here; returns how to take it back. */
export function guard(hasUnsaved: () => boolean): () => void {
  unsaved = hasUnsaved
  return () => {
    if (unsaved === hasUnsaved) unsaved = () => false
  }
}

export function go(menu: string, tab = ''): void {
  const target = tab ? `${menu}/${tab}` : menu
  if (target === address.value) return
  if (unsaved()) leaving.value = target
  else arrive(target)
}

export function leaveAnyway(): void {
  const target = leaving.value
  leaving.value = null
  unsaved = () => false
  if (target) arrive(target)
}

function arrive(target: string): void {
  address.value = target
  history.replaceState(null, '', `#${target}`)
  try {
    localStorage.setItem(REMEMBERED, target)
  } catch {
    // A browser that keeps nothing: the window starts at the overview then.
  }
}

function remembered(): string {
  try {
    return localStorage.getItem(REMEMBERED) ?? ''
  } catch {
    return ''
  }
}

addEventListener('hashchange', () => {
  const [menu = '', tab = ''] = location.hash.slice(1).split('/')
  const target = location.hash.slice(1)
  if (target === address.value) return
  if (unsaved()) history.replaceState(null, '', `#${address.value}`)
  go(menu, tab)
})

addEventListener('beforeunload', (event) => {
  if (unsaved()) event.preventDefault()
})

declare global {
  interface Window {
    mailroomUnsaved?: () => boolean
  }
}

// DSM's window around this page asks before it closes.
window.mailroomUnsaved = () => unsaved()
