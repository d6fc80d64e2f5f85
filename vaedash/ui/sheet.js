// One picture of many tiles; a click on a tile says which.
export default function ({ data, parentElement, setTriggerValue }) {
  const [sheet, ring] = [parentElement.querySelector("img"), parentElement.querySelector("i")];
  const rows = Math.ceil(data.count / data.columns);
  sheet.src = `data:image/png;base64,${data.png}`;
  sheet.alt = data.alt;
  ring.style.width = `${100 / data.columns}%`;
  ring.style.height = `${100 / rows}%`;
  ring.style.left = `${(100 / data.columns) * (data.picked % data.columns)}%`;
  ring.style.top = `${(100 / rows) * Math.floor(data.picked / data.columns)}%`;
  sheet.onclick = ({ offsetX, offsetY }) => {
    const column = Math.floor((offsetX / sheet.clientWidth) * data.columns);
    const tile = Math.floor((offsetY / sheet.clientHeight) * rows) * data.columns + column;
    if (tile < data.count) setTriggerValue("picked", tile);
  };
}
