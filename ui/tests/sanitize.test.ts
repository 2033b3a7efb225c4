import { describe, expect, it } from 'vitest'
import { textOf } from '../shared/sanitize'

describe('plain text of rich text', () => {
  it('has no tags, and a line for each line', () => {
    const html =
      '<div>Example <b>Ltd.</b> &amp; Co<br></div><div><br></div><ul><li>one</li><li>two</li></ul><p>end</p><p>last</p>'
    expect(textOf(html)).toBe('Example Ltd. & Co\n\none\ntwo\nend\n\nlast')
  })

  it('breaks where the HTML breaks, and nowhere else', () => {
    expect(textOf('a\n b<br>c&nbsp;d')).toBe('a b\nc d')
    expect(textOf('<style>p{}</style><script>x</script>&lt;b&gt;')).toBe('<b>')
    expect(textOf('<div><div>deep</div></div><div>x</div>')).toBe('deep\nx')
    expect(textOf('')).toBe('')
  })
})
