// Mailroom on DSM 7's desktop: a framed window around our own page. ExtJS 3 as DSM has it: no callParent, no method
// named `show`, and a title, because the task bar asks for it.
/* global Ext, SYNO, _S */
Ext.namespace('com.mailroom')

com.mailroom.PAGE = '/webman/3rdparty/Mailroom/index.cgi/'
com.mailroom.UNSAVED = {
  enu: 'There are unsaved changes. Close the window all the same?',
  ger: 'Es gibt nicht gespeicherte Änderungen. Das Fenster trotzdem schließen?',
  jpn: '保存されていない変更があります。それでもウィンドウを閉じますか？',
  cht: '有尚未儲存的變更。仍要關閉視窗嗎？',
}

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
  },
  // The page knows whether something would be lost.
  onClose: function () {
    const frame = this.el && this.el.dom.querySelector('iframe')
    let unsaved = false
    try {
      unsaved = Boolean(frame && frame.contentWindow.mailroomUnsaved && frame.contentWindow.mailroomUnsaved())
    } catch (reason) {
      // A page that is not ours (an error of the web server) has nothing to save.
    }
    const question = com.mailroom.UNSAVED[_S('lang')] || com.mailroom.UNSAVED.enu
    return !unsaved || window.confirm(question)
  },
})

Ext.define('com.mailroom.Mailroom', {
  extend: 'SYNO.SDS.AppInstance',
  appWindowName: 'com.mailroom.MailroomWindow',
  constructor: function (config) {
    com.mailroom.Mailroom.superclass.constructor.call(this, config)
  },
})
