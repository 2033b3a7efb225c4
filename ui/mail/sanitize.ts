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
 * their data with them: others would point at this server, or call home when the recipient opens the mail.
 */
export function cleanFragment(html: string): DocumentFragment {
  const fragment = DOMPurify.sanitize(html, {
    USE_PROFILES: { html: true },
    FORBID_TAGS: FORBIDDEN,
    ALLOW_DATA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  })
  for (const image of fragment.querySelectorAll('img')) {
    if (!image.getAttribute('src')?.startsWith('data:image/')) image.replaceWith(image.alt)
  }
  return document.importNode(fragment, true)
}

/** The inside of the body of a whole HTML document. */
export function bodyOf(page: string): string {
  return new DOMParser().parseFromString(page, 'text/html').body.innerHTML
}
