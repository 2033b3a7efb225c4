import { onBeforeUnmount, onMounted } from 'vue'

/** Whether keys belong to what has the keyboard: a field, an editor, a menu, a dialog. */
function isTaken(target: EventTarget | null): boolean {
  const element = target as Element | null
  return Boolean(
    element?.closest?.(
      'input:not([type=checkbox]),textarea,select,[contenteditable=true],[role=menu],[role=dialog]',
    ),
  )
}

/** Single keys as shortcuts, and such as "Ctrl+z", unless `off` or somebody is typing. Returns the handler, for the frame of a message. */
export function useShortcuts(
  off: () => boolean,
  shortcuts: Record<string, () => void>,
): (event: KeyboardEvent) => void {
  const handle = (event: KeyboardEvent) => {
    if (event.altKey || event.defaultPrevented || off() || isTaken(event.target)) return
    const act = shortcuts[`${event.ctrlKey || event.metaKey ? 'Ctrl+' : ''}${event.key}`]
    if (!act) return
    event.preventDefault()
    act()
  }
  onMounted(() => addEventListener('keydown', handle))
  onBeforeUnmount(() => removeEventListener('keydown', handle))
  return handle
}
