using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace XCron.Daemon.Hosting;

/// <summary>
/// Lets the short collections through while a long one marks the heap beside the program. The collector's background
/// thread makes way where the runtime says that it is about to stop all threads. A NativeAOT runtime never says so, and
/// a short collection, with all threads already stopped, waits until the heap is marked: 0.2 to 0.3 s with a million
/// tasks. Said once and for good, the background thread looks at each such place whether it is waited for.
/// </summary>
/// <remarks>
/// https://github.com/dotnet/runtime/issues/132064; to be taken out when the runtime of net10.0 has it. Where it has it
/// this does no harm: what is said is counted, and one more only makes the thread look more often.
/// </remarks>
internal static partial class ConcurrentGc
{
    public static void LetOthersThrough()
    {
        // Under a just-in-time compiler the runtime says it. On Windows this function has another name.
        if (!RuntimeFeature.IsDynamicCodeCompiled && !OperatingSystem.IsWindows())
            SetSuspensionPending(collector: 0, isPending: 1);
    }

    /// <summary>A member of the collector that counts up one static field, and uses no other.</summary>
    [LibraryImport("libRuntime.WorkstationGC", EntryPoint = "_ZN3WKS6GCHeap20SetSuspensionPendingEb")]
    private static partial void SetSuspensionPending(nint collector, byte isPending);
}
