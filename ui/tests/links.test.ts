import { describe, expect, it } from 'vitest'
import { otherHost } from '../mail/links'

describe('where a link leads', () => {
  it.each([
    ['https://www.paypal.com', 'https://evil.example/x', 'evil.example'],
    ['www.bank.example/login', 'http://bank.example.evil.example/login', 'bank.example.evil.example'],
    [' paypal.com ', 'https://192.0.2.7/', '192.0.2.7'],
    ['Visit https://www.paypal.com now', 'https://evil.example/', 'evil.example'],
    ['www.paypal.com (secure)', 'https://evil.example/', 'evil.example'],
    ['paypal.com.', 'https://evil.example/', 'evil.example'],
    ['»paypal.com«', 'https://evil.example/', 'evil.example'],
    ['paypal.com ›', 'https://evil.example/', 'evil.example'],
    ['<paypal.com>', 'https://evil.example/', 'evil.example'],
    ['\u200bhttps://paypal.com\u200b', 'https://evil.example/', 'evil.example'],
    ['https:// paypal.com', 'https://evil.example/', 'evil.example'],
    ['https://pаypal.com/', 'https://paypal.com/', 'paypal.com'],
    ['https://paypal.com@evil.example', 'https://evil.example', 'evil.example'],
  ])('%s to %s', (text, address, host) => expect(otherHost(text, address)).toBe(host))

  it.each([
    ['www.shop.example', 'https://shop.example/a'],
    ['shop.example', 'https://news.shop.example/track?id=1'],
    ['Shop.Example/a', 'https://SHOP.example'],
    ['bücher.example', 'https://xn--bcher-kva.example/'],
    ['Read more', 'https://tracker.example'],
    ['Node.js', 'https://nodejs.example'],
    ['Invoice 7.pdf', 'https://files.example/7'],
    ['folderChanges.ts', 'https://git.example/x'],
    ['Version 2.0', 'https://tracker.example'],
    ['Dr. Adler', 'https://tracker.example'],
    ['anna@example.com', 'mailto:anna@other.example'],
    ['example.com', 'mailto:anna@other.example'],
    ['example.com', 'no address'],
    ['', 'https://a.example'],
  ])('%s to %s is nothing odd', (text, address) => expect(otherHost(text, address)).toBe(''))
})
