package progressd

// The table of stages, read from the schema's descriptors.

import (
	"strings"

	progressv1 "progressd/gen/go/progress/v1"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const stagePrefix = "PIPELINE_STAGE_"

// AllStages returns the table of stages in its order as the schema of this package says, without asking a server.
func AllStages() []*progressv1.StageInfo {
	var rows []*progressv1.StageInfo
	values := progressv1.PipelineStage(0).Descriptor().Values()
	for place := 0; place < values.Len(); place++ {
		if row := rowOf(values.Get(place)); row != nil {
			rows = append(rows, row)
		}
	}
	return rows
}

// rowOf returns nil for a value that is no stage.
func rowOf(value protoreflect.EnumValueDescriptor) *progressv1.StageInfo {
	if !proto.HasExtension(value.Options(), progressv1.E_Stage) {
		return nil
	}
	said := proto.GetExtension(value.Options(), progressv1.E_Stage).(*progressv1.StageOptions)
	return &progressv1.StageInfo{
		Stage:          progressv1.PipelineStage(value.Number()),
		Status:         strings.ToLower(strings.TrimPrefix(string(value.Name()), stagePrefix)),
		StartPercent:   said.GetStartPercent(),
		EndPercent:     said.GetEndPercent(),
		TypicalSeconds: said.GetTypicalSeconds(),
		Label:          said.GetLabel(),
		Flow:           said.GetFlow(),
		EndsAs:         said.GetEndsAs(),
	}
}

// IsFinal tells whether a job in that state has ended, well or badly.
func IsFinal(state progressv1.JobState) bool {
	return state != progressv1.JobState_JOB_STATE_UNSPECIFIED && finalStates[state]
}

var finalStates = func() map[progressv1.JobState]bool {
	states := make(map[progressv1.JobState]bool)
	for _, row := range AllStages() {
		states[row.GetEndsAs()] = true
	}
	return states
}()
