// Mailroom on DSM 7's desktop: a framed window around our own page. ExtJS 3 as DSM has it: no callParent, no method
// named `show`, and a title, because the task bar asks for it.
/* global Ext, SYNO, _S */
Ext.namespace('com.mailroom')

com.mailroom.PAGE = '/webman/3rdparty/Mailroom/index.cgi/'

// DSM's dark theme has light text; what the colour of its text is stands in a variable of its style sheet.
com.mailroom.theme = function () {
  const ink = getComputedStyle(document.documentElement).getPropertyValue('--v-color-font-tier1')
  const parts = (ink.match(/\d+(\.\d+)?/g) || []).slice(0, 3).map(Number)
  return parts.length === 3 && parts[0] + parts[1] + parts[2] > 384 ? 'dark' : 'light'
}

com.mailroom.address = function () {
  const token = (SYNO.SDS.Session && SYNO.SDS.Session.SynoToken) || ''
  const facts = { SynoToken: token, theme: com.mailroom.theme(), lang: _S('lang') || 'enu' }
  return com.mailroom.PAGE + '?' + Ext.urlEncode(facts)
}

Ext.define('com.mailroom.MailroomWindow', {
  extend: 'SYNO.SDS.AppWindow',
  constructor: function (config) {
    const frame = { tag: 'iframe', src: com.mailroom.address(), title: 'Mailroom', frameborder: '0' }
    frame.style = 'width:100%;height:100%;border:0;display:block'
    const own = {
      title: 'Mailroom',
      width: 1180,
      height: 720,
      minWidth: 720,
      minHeight: 480,
      resizable: true,
      maximizable: true,
      minimizable: true,
      layout: 'fit',
      border: false,
      items: [{ xtype: 'box', autoEl: frame }],
    }
    com.mailroom.MailroomWindow.superclass.constructor.call(this, Ext.apply(own, config))
    // Whoever opens the window or brings it to the front types into the page, not into the desktop.
    this.on('activate', this.focusPage, this)
  },
  page: function () {
    return this.el && this.el.dom.querySelector('iframe')
  },
  focusPage: function () {
    const frame = this.page()
    if (frame && frame.contentWindow) frame.contentWindow.focus()
  },
  // The page knows whether something would be lost, and how to ask in the reader's language.
  onClose: function () {
    const frame = this.page()
    let question = ''
    try {
      question = (frame && frame.contentWindow.mailroomUnsaved && frame.contentWindow.mailroomUnsaved()) || ''
    } catch (reason) {
      // A page that is not ours (an error of the web server) has nothing to save.
    }
    return !question || window.confirm(question)
  },
})

Ext.define('com.mailroom.Mailroom', {
  extend: 'SYNO.SDS.AppInstance',
  appWindowName: 'com.mailroom.MailroomWindow',
  constructor: function (config) {
    com.mailroom.Mailroom.superclass.constructor.call(this, config)
  },
})
