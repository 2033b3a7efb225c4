/** A place in the window that can be looked for. */
export interface Place {
  menu: string
  tab: string
  field: string
  title: string
  /** Where it is, in words. */
  where: string
  parameter: string
  /** More words by which it is found: help, the English words, ids. */
  more: string
}

const LIMIT = 12

/** Lower case without accents, so that "ubergrosse" finds what is written with dots. */
export const plain = (text: string): string =>
  text.normalize('NFKD').replace(/\p{M}/gu, '').replaceAll('ß', 'ss').toLowerCase()

/** How well a word stands in a place: 0 is not at all. The title counts most, then the parameter, then the rest. */
function worth(
  place: { title: string; parameter: string; where: string; more: string },
  word: string,
): number {
  if (place.title.startsWith(word)) return 8
  if (place.title.includes(word)) return 6
  if (place.parameter.split(/[ /]/).includes(word)) return 6
  if (place.parameter.includes(word)) return 4
  if (place.where.includes(word)) return 2
  return place.more.includes(word) ? 1 : 0
}

/** The places that hold every word, best first. */
export function search(places: Place[], text: string): Place[] {
  const words = plain(text).split(/\s+/).filter(Boolean)
  if (!words.length) return []
  const found = places.flatMap((place, at) => {
    const low = {
      title: plain(place.title),
      parameter: plain(place.parameter),
      where: plain(place.where),
      more: plain(place.more),
    }
    const each = words.map((word) => worth(low, word))
    return each.includes(0) ? [] : [{ place, at, sum: each.reduce((one, other) => one + other) }]
  })
  found.sort((one, other) => other.sum - one.sum || one.at - other.at)
  return found.slice(0, LIMIT).map(({ place }) => place)
}
