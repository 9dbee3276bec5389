// Browsers start no workers from files. A page that was opened from the disk runs the search in a hidden frame instead.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      const inside = frame.contentWindow;
      inside.importScripts = (...addresses) =>
        Promise.all(
          addresses.map((address) => new Promise((done) => {
            const script = inside.document.createElement("script");
            script.src = address;
            script.onload = done;
            inside.document.head.append(script);
          })),
        );
      inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      this.inside = inside;
      this.ready = inside.importScripts(url);
    }
    postMessage(data) {
      this.ready.then(() => this.inside.dispatchEvent(new MessageEvent("message", { data })));
    }
    terminate() {
      this.inside.frameElement.remove();
    }
    set onmessage(listener) {
      this.addEventListener("message", listener);
    }
  };
}
