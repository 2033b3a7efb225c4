import { ref } from 'vue'

/** What can be done about it while it is shown, e.g. taking it back. */
export interface ToastAction {
  label: string
  /** The key that does it, as it is written on the toast. */
  key?: string
  run: () => unknown
}

export interface Toast {
  id: number
  kind: 'good' | 'bad'
  text: string
  action?: ToastAction
}

const SHOWN_MS = 4000
const WITH_ACTION_MS = 10_000
let last = 0
let timer: ReturnType<typeof setTimeout> | undefined

/** What is told in passing; it goes by itself. One at a time: a newer one takes its place. */
export const toasts = ref<Toast[]>([])

export function toast(
  text: string,
  kind: Toast['kind'] = 'good',
  action?: ToastAction,
  shownMs = action ? WITH_ACTION_MS : SHOWN_MS,
): number {
  const id = ++last
  clearTimeout(timer)
  toasts.value = [{ id, kind, text, action }]
  timer = setTimeout(() => dismissToast(id), shownMs)
  return id
}

export function dismissToast(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id)
}

/** Do what the toast on screen offers, if it has this key. */
export function runToastAction(key?: string): void {
  const shown = toasts.value.find((one) => one.action && (!key || one.action.key === key))
  if (!shown) return
  dismissToast(shown.id)
  shown.action?.run()
}

/** What is offered is no longer what is meant: something else was done since. */
export function withdrawAction(): void {
  toasts.value = toasts.value.filter((one) => !one.action)
}
