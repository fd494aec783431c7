// The pad is drawn with WebGL. Where a processor does a graphics card's work, gradio's pad kept two cores busy for
// seconds after every stroke: what nobody sees is left out, before the pad is there.
(() => {
  const FRAMES_PER_S = 20;
  const RESOLUTION = 0.75; // of the page's pixels: those of the drawing itself, 280 where 372 are shown

  // Each pixel is looked up in as many textures as may lie in one batch: one is enough, what is drawn is the same.
  for (const { prototype } of [window.WebGLRenderingContext, window.WebGL2RenderingContext].filter(Boolean)) {
    const { getParameter } = prototype;
    prototype.getParameter = function (name) {
      return name === this.MAX_TEXTURE_IMAGE_UNITS ? 1 : getParameter.call(this, name);
    };
  }

  // The pad shows pictures, whose edges are smoothed where they are drawn: the canvas need not do so again.
  const { getContext } = HTMLCanvasElement.prototype;
  HTMLCanvasElement.prototype.getContext = function (kind, how) {
    return getContext.call(this, kind, kind === "webgl2" ? { ...how, antialias: false } : how);
  };

  const has_card = (gl) => {
    const told = gl.getExtension("WEBGL_debug_renderer_info")?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER;
    return !/SwiftShader|llvmpipe|softpipe|Software|Basic Render/i.test(gl.getParameter(told));
  };

  // gradio puts each pad it makes here.
  let pad;
  Object.defineProperty(window, "editor", {
    get: () => pad,
    set: (made) => {
      pad = made;
      pad.ready.then(() => {
        pad.outline_graphics.filters = []; // a shadow that the page hides: eleven drawings a frame
        const { renderer, ticker } = pad.app;
        renderer.background.color = "#000"; // the paper's, so that its edge does not shine
        if (has_card(renderer.gl)) return;
        ticker.maxFPS = FRAMES_PER_S;
        renderer.resize(renderer.screen.width, renderer.screen.height, RESOLUTION);
      });
    },
  });
})();
