import { hasText, t } from '../shared/i18n'
import { told } from '../shared/told'
import type { MenuEntry } from './pages'
import type { Place } from './search'
import { known } from './settings/known'
import type { PageEntry } from './types'

/** A tab's title: ours, or the one that the server gives its page. */
export function tabTitle(menu: string, tab: string, fallback: string): string {
  const key = `tab.${menu}.${tab}`
  return hasText(key) ? t(key) : told(fallback)
}

/** All that can be looked for: the menu's entries, their tabs, and every setting. */
export function placesOf(entries: MenuEntry[], pages: PageEntry[]): Place[] {
  return [
    ...entries.flatMap((entry) => pagesOf(entry, pages)),
    ...known.value.flatMap((one) => {
      const page = pages.find((page) => page.id === one.page)
      if (!page) return []
      const where = [t(`menu.${page.menu}`), tabTitle(page.menu, page.tab, page.title), one.group]
      return {
        menu: page.menu,
        tab: page.tab,
        field: one.key,
        title: one.title,
        where: where.join(' › '),
        parameter: one.parameter ?? '',
        more: `${one.help ?? ''} ${one.key}`,
      }
    }),
  ]
}

function pagesOf(entry: MenuEntry, pages: PageEntry[]): Place[] {
  const menu = t(`menu.${entry.id}`)
  const plain = { menu: entry.id, field: '', parameter: '', more: '' }
  const tabs = [
    ...pages.filter((page) => page.menu === entry.id).map((page) => ({ id: page.tab, title: page.title })),
    ...entry.tabs.map((tab) => ({ id: tab.id, title: tab.id })),
  ]
  const own = { ...plain, tab: '', title: menu, where: '', more: moreOf(entry.id, entry.tabs[0]?.id) }
  return [
    own,
    ...tabs.map((tab) => ({
      ...plain,
      tab: tab.id,
      title: tabTitle(entry.id, tab.id, tab.title),
      where: menu,
      more: moreOf(entry.id, tab.id),
    })),
  ].filter((place) => place === own || place.title !== menu)
}

/** More words by which a page is looked for. */
function moreOf(menu: string, tab = ''): string {
  const key = `later.found.${menu}.${tab}`
  return hasText(key) ? t(`later.found.${menu}.${tab}`) : ''
}
