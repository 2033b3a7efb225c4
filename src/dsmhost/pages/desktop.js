// The desktop: icons, taskbar, windows; DSM's own classes for the applications of packages.
'use strict'

const facts = JSON.parse(document.body.dataset.facts)
// The language of the desktop, for trying: ?lang=ger
const language = new URLSearchParams(location.search).get('lang') || 'enu'
const open = []
let top_ = 1

Ext.ns('SYNO.SDS.Session')
Ext.apply(SYNO.SDS.Session, {SynoToken: facts.token, user: facts.user, is_admin: facts.admin, lang: language})

// Facts of the session, by DSM's names.
function _S(name) {
  return {lang: language, user: facts.user, is_admin: facts.admin, SynoToken: facts.token, rewrite_mode: false,
    majorversion: facts.profile === '6.2' ? '6' : '7', minorversion: '2'}[name]
}
const _T = (section, key) => `${section}:${key}`
const _TT = (app, section, key) => `${section}:${key}`

SYNO.SDS.AppInstance = Ext.extend(Ext.Component, {
  constructor: function (config) {
    SYNO.SDS.AppInstance.superclass.constructor.call(this, config)
  },
  // Opens the application's window, or brings it to the front.
  open(config) {
    if (this.window) return this.window.toFront()
    const type = Ext.find(this.appWindowName)
    if (typeof type !== 'function') throw new TypeError(`${this.appWindowName} is not there`)
    this.window = new type(Ext.apply({appInstance: this}, config))
    this.window.open(config)
  },
})

SYNO.SDS.AppWindow = Ext.extend(Ext.Panel, {
  constructor: function (config) {
    SYNO.SDS.AppWindow.superclass.constructor.call(this, config)
  },
  open(...given) {
    this.frame = frame(this)
    this.render(this.frame.querySelector('.content'))
    open.push(this)
    this.show()
    this.onOpen(...given)
  },
  onOpen() {},
  onRequest() {},
  onClose() { return true },
  show() {
    this.frame.hidden = false
    this.toFront()
  },
  toFront() {
    this.frame.hidden = false
    this.frame.style.zIndex = String(++top_)
    tasks()
    this.fireEvent('activate', this)
  },
  minimize() {
    this.frame.hidden = true
    tasks()
  },
  maximize() { this.frame.classList.toggle('whole') },
  close() {
    if (this.fireEvent('beforeclose', this) === false || this.onClose() === false) return
    this.frame.remove()
    open.splice(open.indexOf(this), 1)
    if (this.appInstance) this.appInstance.window = undefined
    tasks()
  },
  setTitle(title) {
    this.title = title
    this.frame.querySelector('.titlebar span').textContent = title
    tasks()
  },
  // The taskbar asks for it: a window without a title breaks here.
  getWindowTitle() {
    if (typeof this.title !== 'string') throw new TypeError('the window has no title')
    return this.title
  },
})

Ext.WindowMgr = {each: (visit, scope) => [...open].forEach((one) => visit.call(scope || one, one))}

const element = (tag, attributes, ...children) => {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

// A window's frame, with its title bar.
function frame(owner) {
  const app = owner.appInstance.app
  const bar = element('header', {class: 'titlebar'}, element('img', {src: app.icon, alt: ''}),
    element('span', {}, owner.getWindowTitle()))
  const acts = [['Minimize', '–', () => owner.minimize()], ['Maximize', '□', () => owner.maximize()],
    ['Close', '×', () => owner.close()]]
  for (const [name, sign, act] of acts) {
    const button = element('button', {'aria-label': name}, sign)
    button.addEventListener('click', act)
    bar.append(button)
  }
  const made = element('section', {class: 'window', role: 'dialog', 'aria-label': owner.getWindowTitle()}, bar,
    element('div', {class: 'content'}))
  const width = Math.min(owner.width || app.width, innerWidth)
  const height = Math.min(owner.height || app.height, innerHeight - 40)
  Object.assign(made.style, {width: `${width}px`, height: `${height}px`, left: `${(innerWidth - width) / 2}px`,
    top: `${40 + (innerHeight - 40 - height) / 2}px`})
  made.addEventListener('pointerdown', () => owner.toFront())
  bar.addEventListener('pointerdown', (event) => drag(event, bar, made))
  document.getElementById('windows').append(made)
  return made
}

function drag(event, bar, moved) {
  if (event.target.closest('button')) return
  const x = event.clientX - moved.offsetLeft, y = event.clientY - moved.offsetTop
  const move = (at) =>
    Object.assign(moved.style, {left: `${at.clientX - x}px`, top: `${Math.max(40, at.clientY - y)}px`})
  bar.setPointerCapture(event.pointerId)
  bar.addEventListener('pointermove', move)
  bar.addEventListener('pointerup', () => bar.removeEventListener('pointermove', move), {once: true})
}

function tasks() {
  const list = document.getElementById('tasks')
  const front = Math.max(0, ...open.filter((one) => !one.frame.hidden).map((one) => Number(one.frame.style.zIndex)))
  list.replaceChildren(...open.map((one) => {
    const current = !one.frame.hidden && Number(one.frame.style.zIndex) === front
    const button = element('button', {role: 'listitem', 'aria-current': String(current)},
      element('img', {src: one.appInstance.app.icon, alt: ''}), one.getWindowTitle())
    button.addEventListener('click', () => (current ? one.minimize() : one.toFront()))
    return button
  }))
}

const withToken = (url) => `${url}${url.includes('?') ? '&' : '?'}SynoToken=${encodeURIComponent(facts.token)}`
const loaded = new Map()

function load(script) {
  if (!loaded.has(script)) {
    loaded.set(script, new Promise((resolve, reject) => {
      const made = element('script', {src: script})
      made.addEventListener('load', resolve)
      made.addEventListener('error', () => reject(new Error(`${script} cannot be loaded`)))
      document.head.append(made)
    }))
  }
  return loaded.get(script)
}

// DSM 6 shows a `legacy` entry in a window of its own; DSM 7.2 only in a new tab.
function legacy(app) {
  const instance = new SYNO.SDS.AppInstance({app, appWindowName: 'SYNO.SDS.LegacyWindow'})
  const frame = {tag: 'iframe', src: withToken(app.url), title: app.title}
  instance.open({title: app.title, items: [{xtype: 'box', autoEl: frame}]})
  return instance
}
SYNO.SDS.LegacyWindow = Ext.extend(SYNO.SDS.AppWindow)

const instances = new Map()

async function launch(app) {
  const running = instances.get(app.id)
  if (running && running.window) return running.open()
  if (app.type === 'app') {
    await load(app.script)
    const type = Ext.find(app.id)
    if (typeof type !== 'function') throw new TypeError(`${app.id} is not defined by ${app.script}`)
    const instance = new type()
    instance.app = app
    instances.set(app.id, instance)
    return instance.open()
  }
  if (app.type === 'legacy' && facts.profile === '6.2') return instances.set(app.id, legacy(app))
  window.open(app.url.replace('{host}', location.hostname), '_blank')
}
SYNO.SDS.AppLaunch = (id) => launch(facts.apps.find((app) => app.id === id))

function launcher(app) {
  const button = element('button', {'data-app': app.id}, element('img', {src: app.icon, alt: ''}), app.title)
  button.addEventListener('click', () => {
    document.getElementById('menu').hidden = true
    launch(app)
  })
  return button
}

document.getElementById('user').textContent = facts.user
document.getElementById('icons').append(...facts.apps.map(launcher))
document.getElementById('menu').append(...facts.apps.map(launcher))
document.getElementById('mainmenu').addEventListener('click', () => {
  const menu = document.getElementById('menu')
  menu.hidden = !menu.hidden
})
document.getElementById('signout').addEventListener('click', async () => {
  await fetch('/webapi/entry.cgi?api=SYNO.API.Auth&version=7&method=logout')
  location.reload()
})
const clock = () => {
  document.getElementById('clock').textContent = new Date().toLocaleTimeString([], {hour: '2-digit', minute: '2-digit'})
}
clock()
setInterval(clock, 10_000)
