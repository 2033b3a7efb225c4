/** Links that name one host and lead to another, as those of deceivers do. */

// A name of a host: by itself it is one where nothing else stands beside it; with https:// or www. it is one anywhere.
const HOST = '((?:[\\p{L}\\p{N}-]{1,63}\\.){1,8}\\p{L}[\\p{L}\\p{N}-]{1,62})'
const ALONE = new RegExp(`^[^\\p{L}\\p{N}]{0,8}${HOST}(?:[/:?#]|[^\\p{L}\\p{N}@]{0,8}$)`, 'iu')
const ANYWHERE = new RegExp(`(?:https?:[ /]{1,5}|\\bwww\\.)${HOST}`, 'iu')
// By itself, a name with one of these endings is a file.
const FILE =
  /^[^/:?#]*\.(?:[cm]?[jt]sx?|vue|py|md|txt|pdf|html?|docx?|xlsx?|pptx?|odt|ods|zip|gz|png|jpe?g|svg|csv|json|xml|ya?ml|sh)$/iu
const LINKS_MAX = 2_000

const plain = (host: string) => host.toLowerCase().replace(/^www\./, '')
const isWithin = (one: string, other: string) => one === other || one.endsWith(`.${other}`)

/** The host that a link leads to, when its text is the address of another; else "". */
export function otherHost(text: string, address: string): string {
  // Letters that nobody sees keep nothing from being read as an address.
  const shown = text.replace(/[\p{Cf}\p{Mn}]/gu, '').trim()
  const alone = FILE.test(shown) ? null : ALONE.exec(shown)
  const named = (ANYWHERE.exec(shown) ?? alone)?.[1]
  if (!named || !URL.canParse(address)) return ''
  const { hostname, protocol } = new URL(address)
  // The browser writes both in the same letters (A-labels).
  const claimed = URL.canParse(`http://${named}`) ? new URL(`http://${named}`).hostname : ''
  if (!claimed || !protocol.startsWith('http')) return ''
  const [one, other] = [plain(claimed), plain(hostname)]
  return isWithin(one, other) || isWithin(other, one) ? '' : hostname
}

/** Write beside each such link of a message where it leads to; how many there are. */
export function showTargets(message: Document): number {
  let found = 0
  for (const link of [...message.links].slice(0, LINKS_MAX)) {
    const host = otherHost((link.textContent ?? '').slice(0, 300), link.getAttribute('href') ?? '')
    if (!host) continue
    found++
    const note = message.createElement('b')
    note.textContent = ` [→ ${host}]`
    link.after(note)
  }
  return found
}
