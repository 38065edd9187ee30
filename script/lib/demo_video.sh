# shellcheck shell=bash
# Makes the video of the demo: spoken sentences over moving pictures, a new scene for each sentence.

# demo_sentences: the text, one sentence a line, in words that a small vocabulary knows.
demo_sentences() {
	cat <<'TEXT'
Good morning, and welcome to this short story about a long video.
First the worker will download the video, and tell us how far it has come.
Then it will listen to every word, and write the words down with their time.
After that it will look for places where the picture changes.
The best parts are cut into small clips that fit on a telephone.
Every clip will show the words that are spoken at the bottom of the picture.
At the end all of the clips are sent away, and the work is complete.
Thank you for watching, and have a very good day.
TEXT
}

# demo_video FOLDER: makes FOLDER/video.mp4 and FOLDER/spoken.txt.
demo_video() {
	local folder=$1 size=854x480 rate=25 pause=0.5
	local scenes=(
		"testsrc2=size=$size:rate=$rate"
		"mandelbrot=size=$size:rate=$rate:maxiter=200"
		"gradients=size=$size:rate=$rate:c0=0x204080:c1=0xe0a030:nb_colors=2:speed=0.02:seed=7"
		"life=size=213x120:rate=$rate:mold=10:ratio=0.4:seed=7:life_color=#50e080:death_color=#203040"
		"smptehdbars=size=$size:rate=$rate"
		"sierpinski=size=$size:rate=$rate:type=carpet:seed=7"
		"gradients=size=$size:rate=$rate:c0=0x802060:c1=0x40c0c0:nb_colors=2:speed=0.02:seed=3"
		"cellauto=size=213x120:rate=$rate:rule=110:seed=7:scroll=1"
	)
	local inputs=() filters="" joined="" count=0 sentence seconds
	mkdir -p "$folder"
	demo_sentences >"$folder/spoken.txt"
	while read -r sentence; do
		flite -voice slt --setf duration_stretch=1.1 -t "$sentence" -o "$folder/sentence-$count.wav"
		seconds=$(ffprobe -loglevel error -show_entries format=duration -of csv=p=0 "$folder/sentence-$count.wav")
		seconds=$(awk -v s="$seconds" -v p="$pause" 'BEGIN { printf "%.2f", s + p }')
		inputs+=(-f lavfi -t "$seconds" -i "${scenes[count % ${#scenes[@]}]}" -i "$folder/sentence-$count.wav")
		filters+="[$((2 * count)):v]scale=${size/x/:}:flags=neighbor,setsar=1,format=yuv420p[v$count];"
		filters+="[$((2 * count + 1)):a]apad=whole_dur=${seconds}[a$count];"
		joined+="[v$count][a$count]"
		count=$((count + 1))
	done <"$folder/spoken.txt"
	ffmpeg -hide_banner -nostdin -loglevel error -y "${inputs[@]}" \
		-filter_complex "$filters${joined}concat=n=$count:v=1:a=1[v][a]" -map "[v]" -map "[a]" \
		-c:v libx264 -preset ultrafast -crf 26 -c:a aac -b:a 96k -movflags +faststart "$folder/video.mp4"
	rm -f "$folder"/sentence-*.wav
}
