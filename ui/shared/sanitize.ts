import DOMPurify from 'dompurify'

const FORBIDDEN = [
  'form',
  'input',
  'button',
  'select',
  'textarea',
  'meta',
  'link',
  'base',
  'object',
  'embed',
  'iframe',
  'video',
  'audio',
  'style',
  'svg',
  'math',
]

/**
 * The second layer for HTML that gets into the editor; the first is the server. Pictures stay only when they carry
 * their data with them: others would point at this server, or call home when the recipient opens the mail. An admin
 * may want just that; this window's own policy loads none of them.
 */
export function cleanFragment(html: string, remote = false): DocumentFragment {
  const fragment = DOMPurify.sanitize(html, {
    USE_PROFILES: { html: true },
    FORBID_TAGS: FORBIDDEN,
    ALLOW_DATA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  })
  for (const image of fragment.querySelectorAll('img')) {
    const source = image.getAttribute('src') ?? ''
    const stays = source.startsWith('data:image/') || (remote && /^https?:/.test(source))
    if (!stays) image.replaceWith(image.alt)
  }
  return document.importNode(fragment, true)
}

/** The inside of the body of a whole HTML document. */
export function bodyOf(page: string): string {
  return new DOMParser().parseFromString(page, 'text/html').body.innerHTML
}

const LINES = 'address,article,blockquote,div,dl,dt,dd,hr,li,ol,pre,section,table,tr,ul'
const PARAGRAPHS = 'p,h1,h2,h3,h4,h5,h6'
// Where a line ends however many elements end there, and a line with nothing in it.
const END = '\u0001'
const EMPTY = '\u0002'

/** The text of an HTML fragment without any tag; what stands in lines of its own there does so here. */
export function textOf(html: string): string {
  const body = new DOMParser().parseFromString(html, 'text/html').body
  body.querySelectorAll('script,style,title,template').forEach((one) => one.remove())
  const walk = (node: Node): string => {
    if (node.nodeType === Node.TEXT_NODE) return (node.textContent ?? '').replace(/\s+/g, ' ')
    if (!(node instanceof Element)) return ''
    if (node.tagName === 'BR') return '\n'
    const inside = [...node.childNodes].map(walk).join('')
    if (node.matches('td,th')) return `${inside} `
    const paragraph = node.matches(PARAGRAPHS)
    if (!paragraph && !node.matches(LINES)) return inside
    // The last break of a line ends that line, which ends anyway.
    const line = inside === '\n' ? EMPTY : inside.replace(/\n$/, '')
    return `${END}${line}${END}${paragraph ? `${EMPTY}${END}` : ''}`
  }
  const lines = walk(body)
    .replace(new RegExp(`${END}+`, 'g'), '\n')
    .replaceAll(EMPTY, '')
    .split('\n')
  return lines
    .map((line) => line.trim())
    .join('\n')
    .trim()
}
