import { ref } from 'vue'

export interface Toast {
  id: number
  kind: 'good' | 'bad'
  text: string
}

const SHOWN_MS = 4000
let last = 0

/** What is told in passing, at the top of the window; each goes by itself. */
export const toasts = ref<Toast[]>([])

export function toast(text: string, kind: Toast['kind'] = 'good'): void {
  const id = ++last
  toasts.value = [...toasts.value, { id, kind, text }]
  setTimeout(() => (toasts.value = toasts.value.filter((one) => one.id !== id)), SHOWN_MS)
}
