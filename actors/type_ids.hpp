#pragma once

#include <caf/type_id.hpp>

#include "weft/actors/messages.hpp"

// The one block of message ids: append only, since nodes of different versions talk to one another.
// It starts well behind CAF's own, to leave room for the messages of a host that uses CAF itself.
CAF_BEGIN_TYPE_ID_BLOCK(weft, caf::first_custom_type_id + 1000)

// What may cross nodes.
CAF_ADD_TYPE_ID(weft, (weft::Error))
CAF_ADD_TYPE_ID(weft, (weft::TasksReady))
CAF_ADD_TYPE_ID(weft, (weft::StopWorker))
CAF_ADD_TYPE_ID(weft, (weft::MetricsBatch))
CAF_ADD_TYPE_ID(weft, (weft::RunEvent))

// What stays within a process: it refers to shared, immutable objects.
CAF_ADD_TYPE_ID(weft, (weft::MakePlan))
CAF_ADD_TYPE_ID(weft, (weft::PlanMade))
CAF_ADD_TYPE_ID(weft, (weft::CreateRun))
CAF_ADD_TYPE_ID(weft, (weft::RunCreated))
CAF_ADD_TYPE_ID(weft, (weft::CancelRun))
CAF_ADD_TYPE_ID(weft, (weft::EraseRun))
CAF_ADD_TYPE_ID(weft, (weft::ReadStatus))
CAF_ADD_TYPE_ID(weft, (weft::RunStatus))
CAF_ADD_TYPE_ID(weft, (weft::FetchOutputs))
CAF_ADD_TYPE_ID(weft, (weft::FetchedOutputs))
CAF_ADD_TYPE_ID(weft, (weft::ReadEvents))
CAF_ADD_TYPE_ID(weft, (weft::EventsRead))
CAF_ADD_TYPE_ID(weft, (weft::WatchRun))
CAF_ADD_TYPE_ID(weft, (weft::RunChanged))
CAF_ADD_TYPE_ID(weft, (weft::ClaimRequest))
CAF_ADD_TYPE_ID(weft, (weft::ClaimAnswer))
CAF_ADD_TYPE_ID(weft, (weft::CommitRequest))
CAF_ADD_TYPE_ID(weft, (weft::ExpandRequest))
CAF_ADD_TYPE_ID(weft, (weft::CommitAnswer))
CAF_ADD_TYPE_ID(weft, (weft::FailRequest))
CAF_ADD_TYPE_ID(weft, (weft::FailAnswer))
CAF_ADD_TYPE_ID(weft, (weft::ReleaseRequest))
CAF_ADD_TYPE_ID(weft, (weft::AcquireSlot))
CAF_ADD_TYPE_ID(weft, (weft::SlotGranted))
CAF_ADD_TYPE_ID(weft, (weft::YieldSlot))
CAF_ADD_TYPE_ID(weft, (weft::ReleaseSlot))
CAF_ADD_TYPE_ID(weft, (weft::StartTask))
CAF_ADD_TYPE_ID(weft, (weft::StopTask))
CAF_ADD_TYPE_ID(weft, (weft::TaskEnded))
CAF_ADD_TYPE_ID(weft, (weft::ExecuteTask))
CAF_ADD_TYPE_ID(weft, (weft::TaskStarted))
CAF_ADD_TYPE_ID(weft, (weft::TaskExecuted))
CAF_ADD_TYPE_ID(weft, (weft::MeetPeers))
CAF_ADD_TYPE_ID(weft, (weft::WorkerJoined))
CAF_ADD_TYPE_ID(weft, (weft::RunRecord))
CAF_ADD_TYPE_ID(weft, (weft::CloseRun))
CAF_ADD_TYPE_ID(weft, (weft::RecordRun))
CAF_ADD_TYPE_ID(weft, (weft::FinishRecord))
CAF_ADD_TYPE_ID(weft, (weft::Subscribe))
CAF_ADD_TYPE_ID(weft, (weft::Unsubscribe))
CAF_ADD_TYPE_ID(weft, (weft::ProgressMade))
CAF_ADD_TYPE_ID(weft, (weft::WorkerTick))
CAF_ADD_TYPE_ID(weft, (weft::PoolTick))
CAF_ADD_TYPE_ID(weft, (weft::SlotStarted))
CAF_ADD_TYPE_ID(weft, (weft::ExecutionOver))
CAF_ADD_TYPE_ID(weft, (weft::Flush))
CAF_ADD_TYPE_ID(weft, (weft::WorkerFailed))
CAF_ADD_TYPE_ID(weft, (weft::TellEnds))

CAF_END_TYPE_ID_BLOCK(weft)
