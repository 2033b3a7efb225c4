import { setLanguage } from '../shared/i18n'
import { isDark, parameters, setDark } from '../shared/start'

/** A window of ExtJS 3, as far as it concerns the page inside of it. */
interface DesktopWindow {
  el?: { dom?: Node }
  on(event: 'beforeclose', handler: () => boolean): void
}
interface WindowManager {
  each(visit: (one: DesktopWindow) => void): void
}
/** DSM's desktop around this page, by the names that it gives its pages. */
interface Desktop extends Window {
  SYNO?: { SDS?: { Session?: { SynoToken?: string }; WindowMgr?: WindowManager } }
  Ext?: { WindowMgr?: WindowManager }
  _S?: (name: string) => unknown
  com?: { mailroom?: unknown }
}

const LOOK_AFTER_MS = 100
/** DSM's dark theme has light text; what the colour of its text is stands in this variable of its style sheet. */
const INK = '--v-color-font-tier1'
const LIGHT_FROM = 384

/** The desktop, when this page is in a window of it. */
export function desktop(): Desktop | null {
  try {
    const around = parent as Desktop
    return around !== window && around.SYNO?.SDS ? around : null
  } catch {
    return null
  }
}

/** DSM's name of the language on the desktop; nothing when it leaves that to the browser. */
export function desktopLanguage(): string | undefined {
  const name = String(desktop()?._S?.('lang') ?? '')
  return /^[a-z]{3}$/.test(name) && name !== 'def' ? name : undefined
}

/** Whether the desktop is dark now. DSM 6 and the first DSM 7 have no dark theme, and no such variable. */
export function isDesktopDark(around: Desktop): boolean {
  const ink = around.getComputedStyle(around.document.documentElement).getPropertyValue(INK)
  const parts = (ink.match(/\d+(\.\d+)?/g) ?? []).slice(0, 3).map(Number)
  return parts.length === 3 && parts.reduce((sum, part) => sum + part, 0) > LIGHT_FROM
}

/** Follow the desktop's theme and language as long as this page is open, and take the keyboard. */
export function joinDesktop(): void {
  const around = desktop()
  if (!around) return
  let timer: ReturnType<typeof setTimeout> | undefined
  const look = () => {
    setDark(isDesktopDark(around))
    void setLanguage(desktopLanguage() ?? parameters.get('lang') ?? navigator.language)
  }
  // The desktop changes its classes all the time, and a new style sheet counts when it is loaded.
  const soon = () => {
    clearTimeout(timer)
    timer = setTimeout(look, LOOK_AFTER_MS)
  }
  const { documentElement, body, head } = around.document
  const observer = new MutationObserver(soon)
  for (const place of [documentElement, body]) observer.observe(place, { attributes: true })
  observer.observe(head, { childList: true, subtree: true, attributes: true })
  head.addEventListener('load', soon, true)
  addEventListener('pagehide', () => {
    observer.disconnect()
    head.removeEventListener('load', soon, true)
  })
  if (isDark() !== isDesktopDark(around)) look()
  window.focus()
}

declare global {
  interface Window {
    mailroomUnsaved?: () => string
  }
}

/**
 * Ask before the window around this page is closed; `question` is empty when nothing would be lost. On DSM 7 our own
 * desktop script asks us for it; DSM 6 opens the window by itself, and there we listen to it.
 */
export function askBeforeClose(question: () => string): void {
  window.mailroomUnsaved = question
  const around = desktop()
  const frame = window.frameElement
  if (!around || !frame || around.com?.mailroom) return
  const seen = new Set<DesktopWindow>()
  for (const manager of [around.SYNO?.SDS?.WindowMgr, around.Ext?.WindowMgr]) {
    manager?.each((one) => {
      if (!one.el?.dom?.contains(frame) || seen.has(one)) return
      seen.add(one)
      one.on('beforeclose', () => {
        const asked = question()
        return !asked || around.confirm(asked)
      })
    })
  }
}

/** Where one signs in to DSM: the desktop itself, read again. */
export function signInAgain(): void {
  const around = desktop()
  if (around) around.location.reload()
  else location.assign('/')
}
