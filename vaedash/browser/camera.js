// The camera of whoever looks, as long as it is wanted.
const Camera = (() => {
  const REFUSED = {
    NotAllowedError: () => said("This browser may not use the camera here: it can be allowed beside the address."),
    NotFoundError: () => said("There is no camera here."),
    NotReadableError: () => said("The camera cannot be used: another program may be using it."),
    file: () => said("Some browsers lend no camera to a page that was opened from a disk. A picture can be opened all the same."),
    insecure: () => said("A browser lends its camera only to a page whose address begins with https, or with localhost on this machine. A file can be opened everywhere."),
  };

  function refusal({ name, message }) {
    if (location.protocol === "file:" && ["NotAllowedError", "insecure"].includes(name)) return REFUSED.file();
    return REFUSED[name]?.() ?? said("The camera cannot be used: {message}", { message });
  }

  return class {
    // `video` shows what it sees; `see(video)` is called for each of its moments, `turn(on)` when it begins and ends.
    constructor(video, { see, turn, complain }) {
      Object.assign(this, { video, see, turn, complain });
    }

    // Asks for it; `settle` is called once somebody has said yes or no.
    async start(settle) {
      try {
        if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("", "insecure");
        this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user", width: { ideal: 640 } } });
      } catch (error) {
        return this.complain(refusal(error));
      } finally {
        settle();
      }
      this.stream.getTracks().forEach((track) => (track.onended = () => this.stop())); // pulled out
      this.video.srcObject = this.stream;
      this.turn(true);
      await this.video.play().catch(() => {}); // stopped meanwhile
      this.watch();
    }

    watch() {
      if (!this.stream) return;
      if (!this.video.isConnected) return this.stop(); // another page is shown
      if (this.video.videoWidth) this.see(this.video);
      requestAnimationFrame(() => this.watch());
    }

    stop() {
      if (!this.stream) return;
      this.stream.getTracks().forEach((track) => track.stop());
      this.stream = this.video.srcObject = null;
      this.turn(false);
    }
  };
})();
