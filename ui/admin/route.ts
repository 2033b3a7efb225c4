import { computed, ref } from 'vue'

const REMEMBERED = 'mailroom.page'
const address = ref(location.hash.slice(1) || remembered())

/** Menu entry and tab on screen, and a field to look at, as in #service/protocol/smtp_port. */
export const route = computed(() => {
  const [menu = '', tab = '', field = ''] = address.value.split('/')
  return { menu, tab, field }
})
/** Grows each time one goes somewhere, also to where one is already. */
export const arrivals = ref(0)

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

export function go(menu: string, tab = '', field = ''): void {
  const target = [menu, tab, field].filter(Boolean).join('/')
  if (target === address.value && !field) return
  if (unsaved() && !isSamePage(target)) leaving.value = target
  else arrive(target)
}

/** Another field of the page on screen: nothing is left behind. */
function isSamePage(target: string): boolean {
  const [menu, tab = ''] = target.split('/')
  return menu === route.value.menu && tab === route.value.tab
}

export function leaveAnyway(): void {
  const target = leaving.value
  leaving.value = null
  unsaved = () => false
  if (target) arrive(target)
}

function arrive(target: string): void {
  address.value = target
  arrivals.value++
  history.replaceState(null, '', `#${target}`)
  try {
    localStorage.setItem(REMEMBERED, target.split('/').slice(0, 2).join('/'))
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
  const [menu = '', tab = '', field = ''] = location.hash.slice(1).split('/')
  const target = location.hash.slice(1)
  if (target === address.value) return
  if (unsaved()) history.replaceState(null, '', `#${address.value}`)
  go(menu, tab, field)
})

addEventListener('beforeunload', (event) => {
  if (unsaved()) event.preventDefault()
})

export const isUnsaved = (): boolean => unsaved()
