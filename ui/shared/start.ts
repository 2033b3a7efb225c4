import { watchEffect } from 'vue'
import { words } from '../kit/words'
import { setLanguage, t } from './i18n'

/** The page's own address parameters: theme, lang, SynoToken. */
export const parameters = new URLSearchParams(location.search)

/** Dark when asked for by address, or when nothing is asked and the reader's system is dark. */
export function isDark(): boolean {
  const asked = parameters.get('theme')
  return asked ? asked === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches
}

export function setDark(dark: boolean): void {
  if (dark) document.documentElement.dataset.theme = 'dark'
  else delete document.documentElement.dataset.theme
}

/** Theme and language, before anything is drawn; the kit gets its words. `chosen`: what the desktop around us speaks. */
export async function prepare(chosen?: string): Promise<void> {
  setDark(isDark())
  await setLanguage(chosen ?? parameters.get('lang') ?? navigator.language)
  watchEffect(() => {
    for (const name of [
      'close',
      'cancel',
      'more',
      'increase',
      'decrease',
      'nothing',
      'copy',
      'copied',
      'search',
      'clear',
      'columns',
      'usual',
      'loading',
      'filters',
    ] as const) {
      words[name] = t(`kit.${name}`)
    }
    words.retry = t('retry')
    for (const name of ['remove', 'up', 'down'] as const) words[name] = t(`kit.${name}`, { name: '{n}' })
    words.items = (n) => t('kit.items', { n })
    words.selected = (n) => t('kit.selected', { n })
    words.others = (n) => t('kit.others', { n })
  })
}
