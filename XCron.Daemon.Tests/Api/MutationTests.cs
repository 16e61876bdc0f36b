using System.Text;
using XCron.Daemon.Api;
using XCron.Daemon.State;

namespace XCron.Daemon.Tests.Api;

/// <summary>
/// Requests that are nearly right: bytes changed, cut out, doubled, and put in from elsewhere. Whatever comes of it is
/// an answer of the contract, and never a defect.
/// </summary>
internal sealed class MutationTests
{
    private const int Requests = 5000;

    private const string Every = """
        {"type":1,"format":"TZ=UTC */5 8-17 * * mon-fri","name":"a/b:c-1","retry":{"max_attempts":3,"min_backoff":0.5,
        "max_backoff":60},"misfire":"fire_all","deadline":60,"overlap":"allow","jitter":1.5,"start_at":"1800000001.042",
        "end_at":"1900000000","max_runs":5,"paused":true,"tags":{"team":"payments"},"callback":{
        "url":"https://a.test:8443/x","method":"PUT","headers":{"X-One":"1"},"timeout":3,
        "body":{"a":[1,-2.5e3,null,"\u00e9\ud83d\ude00"]}}}
        """;

    private const string Line = """
        {"task_id":"77","create_time":"1700000000.5","state":"running","due_time":"1800000300",
        "queued_time":"1800000200","run_sequence":4,"run_count":3,"fail_count":1,"runs_by_hand":1,
        "open_runs":[{"run_sequence":4,"delay":0.5,"scheduled_time":"1800000100","attempt":2,"failures":1,
        "retry_time":"1800000150","by_hand":false}],"body_text":"{\n}",
        "task":{"type":1,"format":"*/5 * * * *","callback":{"url":"http://a.test"}}}
        """;

    private const string Page =
        "?state=paused&type=1&tag=a:b&tag=c:d&name_prefix=a&url_prefix=http&limit=5&cursor=AQAAAAAAAAAB";

    /// <summary>Each with the call that it is meant for.</summary>
    private static readonly (ApiCall Call, string Text)[] Samples =
    [
        (ApiCalls.CreateTask, Every),
        (ApiCalls.CreateTask, """{"type":2,"format":"1800000100","callback":{"url":"http://a.test/"}}"""),
        (ApiCalls.CreateTask, """{"type":2,"format":"+1h","name":"x","callback":{"url":"http://a","method":"GET"}}"""),
        (ApiCalls.CreateTasks, $$"""{"tasks":[{{Every}},{"type":1,"format":"@daily"},{{Every}}]}"""),
        (ApiCalls.UpdateTask, """{"task_id":"1001","format":"0 1 * * *","deadline":null,"callback":{"body":null}}"""),
        (ApiCalls.UpdateTask, """{"name":"x","format":"+5s","retry":{"max_attempts":1},"tags":{"a":"b"}}"""),
        (ApiCalls.PauseTask, """{"task_id":"1001"}"""),
        (ApiCalls.ResumeTask, """{"name":"a/b:c-1"}"""),
        (ApiCalls.RunTask, """{"name":"x","scheduled_time":"1700000000"}"""),
        (ApiCalls.DeleteTask, """{"name":"x"}"""),
        (ApiCalls.Import, $"{Line}\n{Line}"),
        (ApiCalls.AddPeer, """{"host":"10.0.0.1:8899"}"""),
        (ApiCalls.QueryTask, "?task_id=1001&consistency=stale"),
        (ApiCalls.ListRuns, "?name=x"),
        (ApiCalls.ListTasks, Page),
        (ApiCalls.PreviewSchedule, "?format=*/5+*+*+*+*&timezone=Asia/Tokyo&count=3&after=1.5"),
        (ApiCalls.Stats, "?consistency=stale"),
    ];

    [Test]
    public async Task Whatever_comes_of_a_request_is_an_answer_of_the_contract([Range(1, 4)] int seed)
    {
        var random = new Random(seed);
        var host = new ApiHost(state: new SchedulerState());
        var codes = new SortedSet<int>();

        for (var request = 0; request < Requests; request++)
        {
            var (call, right) = Samples[random.Next(Samples.Length)];
            var text = Mutate(random, Encoding.UTF8.GetBytes(right.ReplaceLineEndings("")));
            var sent = $"seed {seed}: {call.Path} {Convert.ToBase64String(text)}";
            var answer = await host.SendAsync(right[0] == '?'
                ? ApiHost.Request("GET", $"{call.Path}?{Encoding.Latin1.GetString(text).TrimStart('?')}")
                : ApiHost.Request("POST", call.Path, text));
            codes.Add(answer.Code);
            Assert.That(call.Codes.Concat(ApiCalls.CommonCodes), Does.Contain(answer.Code), $"{sent}: {answer}");
            Assert.That(host.Defects, Is.Empty, sent);
            host.Time.NowMs += random.Next(1000);
        }

        Assert.That(codes, Is.SupersetOf((int[])[0, 1000, 1001, 1003, 1010, 1030, 1040]), "what was reached");
    }

    /// <summary>Up to three changes, often none: what is right must come up too.</summary>
    private static byte[] Mutate(Random random, byte[] right)
    {
        const string Pieces = "\\ud800\"{}[]:,\\0123456789-+.eE \tnulltrue\u0000\u001f\u007f%&=;/*@?#";
        List<byte> bytes = [.. right];
        for (var changes = random.Next(4); changes > 0 && bytes.Count > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            var count = Math.Min(random.Next(1, 12), bytes.Count - at);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] = (byte)Pieces[random.Next(Pieces.Length)];
                    break;
                case 2:
                    bytes.RemoveRange(at, count);
                    break;
                case 3:
                    bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, count));
                    break;
                default:
                    bytes.Insert(at, (byte)Pieces[random.Next(Pieces.Length)]);
                    break;
            }
        }

        return [.. bytes];
    }
}
