// As much of ExtJS 3 and of DSM's own classes as a small desktop script of a package uses: classes by Ext.define and
// Ext.extend, boxes and panels with HTML or an element of their own. Like DSM 7 it knows no callParent.
'use strict'

// A property of the window, as ExtJS has it: pages in frames look for it there.
var Ext = {
  emptyFn() {},
  isObject: (value) => Object.prototype.toString.call(value) === '[object Object]',
  isArray: Array.isArray,
  isEmpty: (value) => value === null || value === undefined || value === '' || (Array.isArray(value) && !value.length),
  apply(target, ...sources) {
    for (const source of sources) if (source) for (const key of Object.keys(source)) target[key] = source[key]
    return target
  },
  applyIf(target, source) {
    for (const key of Object.keys(source || {})) if (target[key] === undefined) target[key] = source[key]
    return target
  },
  ns(...names) {
    let place
    for (const name of names) {
      place = window
      for (const word of name.split('.')) place = place[word] = place[word] || {}
    }
    return place
  },
  urlEncode: (facts) => new URLSearchParams(facts).toString(),
  getBody: () => document.body,
  find(name) {
    return String(name).split('.').reduce((place, word) => (place ? place[word] : undefined), window)
  },
  extend(parent, members = {}) {
    const own = Object.prototype.hasOwnProperty.call(members, 'constructor')
    const child = own ? members.constructor : function (...given) { return parent.apply(this, given) }
    child.prototype = Object.create(parent.prototype)
    Ext.apply(child.prototype, members)
    child.prototype.constructor = child
    child.superclass = parent.prototype
    child.prototype.superclass = parent.prototype
    child.prototype.callParent = () => { throw new TypeError('callParent: there is no parent method here') }
    return child
  },
  define(name, members) {
    const words = name.split('.')
    const parent = members.extend ? Ext.find(members.extend) || members.extend : Object
    if (typeof parent !== 'function') throw new TypeError(`${name} extends ${members.extend}, which is not there`)
    const child = Ext.extend(parent, members)
    const place = words.length > 1 ? Ext.ns(words.slice(0, -1).join('.')) : window
    place[words.at(-1)] = child
    return child
  },
  create(name, config) {
    return new (Ext.find(name))(config)
  },
}
Ext.namespace = Ext.ns

// Anything that can be in a window: a piece of HTML, an element, or a box of others.
Ext.Component = function (config) {
  Ext.apply(this, config)
  this.initComponent()
}
Ext.Component.prototype = {
  constructor: Ext.Component,
  initComponent() {},
  // Events by name, as Ext.util.Observable has them: a handler that answers false stops what was about to happen.
  on(name, handler, scope) {
    const known = this.handlers || (this.handlers = {})
    ;(known[name] = known[name] || []).push(handler.bind(scope || this))
  },
  fireEvent(name, ...given) {
    return ((this.handlers || {})[name] || []).map((handler) => handler(...given)).every((answer) => answer !== false)
  },
  get: Ext.emptyFn,
  // Into the element `place` of the page.
  render(place) {
    const auto = this.autoEl || {}
    const facts = typeof auto === 'string' ? {tag: auto} : auto
    const element = document.createElement(facts.tag || 'div')
    for (const [name, value] of Object.entries(facts)) {
      if (name === 'html') element.innerHTML = value
      else if (name === 'cls') element.className = value
      else if (name !== 'tag') element.setAttribute(name, value)
    }
    if (this.id) element.id = this.id
    if (this.html) element.innerHTML = this.html
    this.el = {dom: element}
    for (const item of [this.items || []].flat()) Ext.component(item).render(element)
    place.append(element)
    this.afterRender()
  },
  afterRender() {},
  getEl() { return this.el },
}
Ext.BoxComponent = Ext.extend(Ext.Component)
Ext.Container = Ext.extend(Ext.Component)
Ext.Panel = Ext.extend(Ext.Container)
Ext.XTYPES = {box: Ext.BoxComponent, component: Ext.Component, container: Ext.Container, panel: Ext.Panel,
  syno_panel: Ext.Panel}
Ext.component = (item) => {
  if (item instanceof Ext.Component) return item
  const type = Ext.XTYPES[item.xtype || 'panel']
  if (!type) throw new TypeError(`xtype ${item.xtype} is not known`)
  return new type(item)
}
