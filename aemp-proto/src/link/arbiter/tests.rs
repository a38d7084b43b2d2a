//! The rules one by one; whole networks are tried in the model.

use alloc::{vec, vec::Vec};

use super::*;

const NOW: Duration = Duration::from_secs(1000);
const FIRST: ConnectionId = ConnectionId(1);
const SECOND: ConnectionId = ConnectionId(2);
const THIRD: ConnectionId = ConnectionId(3);

fn greeting(node: &str, instance: Option<&str>) -> Greeting {
    let keys = instance.map_or(String::new(), |i| alloc::format!(";instance={i}"));
    Greeting::parse(alloc::format!("aemp;1;{node};hmac_sha3_512;json{keys}").as_bytes()).unwrap()
}

/// The arbiter of node `m`, so that `a` is a lower peer and `z` a higher one.
fn arbiter() -> Arbiter {
    Arbiter::new(NodeId::new("m").unwrap(), Arbiter::PATIENCE)
}

/// One that has a link with this peer, dialled or accepted.
fn linked(peer: &Greeting, dialled: bool) -> Arbiter {
    let mut arbiter = arbiter();
    if dialled {
        assert_eq!(arbiter.handle_greeted(FIRST, peer), Verdict::Continue);
        arbiter.handle_established(FIRST, peer);
        assert_eq!(actions(&mut arbiter), []);
    } else {
        arbiter.handle_verified(FIRST, peer, NOW);
        assert_eq!(actions(&mut arbiter), [Action::Proceed(FIRST)]);
    }
    assert_eq!(arbiter.link(&peer.node), Some(FIRST));
    arbiter
}

/// One that has proved itself on a dial to this peer.
fn dialling(peer: &Greeting) -> Arbiter {
    let mut arbiter = arbiter();
    assert_eq!(arbiter.handle_greeted(FIRST, peer), Verdict::Continue);
    arbiter
}

fn actions(arbiter: &mut Arbiter) -> Vec<Action> {
    core::iter::from_fn(|| arbiter.poll()).collect()
}

fn superseded(id: ConnectionId) -> Action {
    Action::Lose(id, Reason::LinkSuperseded.into())
}

#[test]
fn a_link_ends_and_another_takes_its_turn() {
    let peer = greeting("a", Some("1"));
    for dialled in [true, false] {
        let mut arbiter = linked(&peer, dialled);
        arbiter.handle_ended(&peer.node, FIRST);
        assert_eq!(arbiter.link(&peer.node), None);
        assert!(
            arbiter.peers.is_empty(),
            "nothing is kept of a node without connection"
        );
        arbiter.handle_verified(SECOND, &peer, NOW);
        assert_eq!(actions(&mut arbiter), [Action::Proceed(SECOND)]);
    }
}

#[test]
fn of_crossing_connections_that_of_the_lower_node_survives() {
    let peer = greeting("a", Some("1"));
    let mut higher = dialling(&peer);
    higher.handle_verified(SECOND, &peer, NOW);
    assert_eq!(
        actions(&mut higher),
        [refuse(FIRST), Action::Proceed(SECOND)]
    );

    let peer = greeting("z", Some("1"));
    let mut lower = dialling(&peer);
    lower.handle_verified(SECOND, &peer, NOW);
    assert_eq!(actions(&mut lower), [refuse(SECOND)]);
    lower.handle_established(FIRST, &peer);
    assert_eq!(lower.link(&peer.node), Some(FIRST));
    lower.handle_verified(THIRD, &peer, NOW);
    assert_eq!(actions(&mut lower), [refuse(THIRD), Action::Probe(FIRST)]);
}

#[test]
fn no_second_proof_goes_out() {
    let peer = greeting("a", Some("1"));
    assert_eq!(
        dialling(&peer).handle_greeted(SECOND, &peer),
        Verdict::Refuse
    );
    assert_eq!(
        linked(&peer, true).handle_greeted(SECOND, &peer),
        Verdict::Refuse
    );
    assert_eq!(
        linked(&peer, false).handle_greeted(SECOND, &peer),
        Verdict::Refuse
    );
    let plain = greeting("a", None);
    assert_eq!(
        linked(&plain, false).handle_greeted(SECOND, &plain),
        Verdict::Refuse
    );
}

#[test]
fn who_dials_anew_has_lost_the_link() {
    for (peer, dialled) in [("a", true), ("a", false), ("z", false)] {
        let peer = greeting(peer, Some("1"));
        let mut arbiter = linked(&peer, dialled);
        arbiter.handle_verified(SECOND, &peer, NOW);
        assert_eq!(
            actions(&mut arbiter),
            [superseded(FIRST), Action::Proceed(SECOND)]
        );
        // The end of the lost one changes nothing any more.
        arbiter.handle_ended(&peer.node, FIRST);
        assert_eq!(arbiter.link(&peer.node), Some(SECOND));
    }
}

#[test]
fn a_restarted_peer_takes_the_place_of_its_past() {
    for past in [Some("1"), None] {
        for dialled in [true, false] {
            let now = greeting("z", Some("2"));
            let mut arbiter = linked(&greeting("z", past), dialled);
            arbiter.handle_verified(SECOND, &now, NOW);
            assert_eq!(
                actions(&mut arbiter),
                [superseded(FIRST), Action::Proceed(SECOND)]
            );

            let mut arbiter = linked(&greeting("z", past), dialled);
            assert_eq!(arbiter.handle_greeted(SECOND, &now), Verdict::Continue);
            arbiter.handle_established(SECOND, &now);
            assert_eq!(actions(&mut arbiter), [superseded(FIRST)]);
            assert_eq!(arbiter.link(&now.node), Some(SECOND));
        }
    }
}

#[test]
fn the_past_of_a_peer_does_not_come_back() {
    let (past, now) = (greeting("z", Some("1")), greeting("z", Some("2")));
    let mut arbiter = arbiter();
    arbiter.handle_verified(SECOND, &now, NOW);
    // The proof of a process that is gone was still on its way.
    arbiter.handle_verified(FIRST, &past, NOW);
    assert_eq!(
        actions(&mut arbiter),
        [Action::Proceed(SECOND), refuse(FIRST)]
    );
    assert_eq!(arbiter.handle_greeted(FIRST, &past), Verdict::Refuse);

    let mut arbiter = dialling(&past);
    arbiter.handle_verified(SECOND, &now, NOW);
    arbiter.handle_established(FIRST, &past);
    assert_eq!(
        actions(&mut arbiter),
        [Action::Proceed(SECOND), refuse(FIRST)]
    );
    assert_eq!(arbiter.link(&now.node), Some(SECOND));
}

#[test]
fn a_dial_to_another_process_goes_on() {
    let mut arbiter = dialling(&greeting("z", Some("1")));
    let restarted = greeting("z", Some("2"));
    arbiter.handle_verified(SECOND, &restarted, NOW);
    assert_eq!(actions(&mut arbiter), [Action::Proceed(SECOND)]);
    arbiter.handle_ended(&restarted.node, FIRST);
    assert_eq!(arbiter.link(&restarted.node), Some(SECOND));
}

#[test]
fn our_proof_is_held_back_while_an_original_answers_our_dial() {
    let original = greeting("a", None);
    let mut up = dialling(&original);
    up.handle_verified(SECOND, &original, NOW);
    up.handle_verified(THIRD, &original, NOW);
    assert_eq!(
        actions(&mut up),
        [refuse(THIRD)],
        "one is held, a further one refused"
    );
    up.handle_established(FIRST, &original);
    assert_eq!(actions(&mut up), [refuse(SECOND)]);

    let mut failed = dialling(&original);
    failed.handle_verified(SECOND, &original, NOW);
    failed.handle_ended(&original.node, FIRST);
    assert_eq!(actions(&mut failed), [Action::Proceed(SECOND)]);

    let mut slow = dialling(&original);
    slow.handle_verified(SECOND, &original, NOW);
    assert_eq!(slow.next_timeout(), Some(NOW + Arbiter::PATIENCE));
    slow.handle_timeout(NOW + Arbiter::PATIENCE);
    assert_eq!(actions(&mut slow), [refuse(FIRST), Action::Proceed(SECOND)]);
    slow.handle_established(FIRST, &original);
    assert_eq!(
        slow.link(&original.node),
        Some(SECOND),
        "what was given up stays given up"
    );
}

#[test]
fn a_link_without_instance_is_asked_before_a_newcomer_is_refused() {
    let original = greeting("a", None);
    let mut arbiter = linked(&original, false);
    arbiter.handle_verified(SECOND, &original, NOW);
    assert_eq!(actions(&mut arbiter), [Action::Probe(FIRST)]);
    arbiter.handle_answer(&original.node, FIRST);
    assert_eq!(actions(&mut arbiter), [refuse(SECOND)]);
    assert_eq!(
        (arbiter.next_timeout(), arbiter.link(&original.node)),
        (None, Some(FIRST))
    );
    arbiter.handle_answer(&original.node, FIRST);
    assert_eq!(actions(&mut arbiter), []);
}

#[test]
fn silence_or_loss_gives_the_place_to_the_newcomer() {
    let original = greeting("a", None);
    let probing = || {
        let mut arbiter = linked(&original, true);
        arbiter.handle_verified(SECOND, &original, NOW);
        assert_eq!(actions(&mut arbiter), [Action::Probe(FIRST)]);
        arbiter
    };
    let mut silent = probing();
    silent.handle_timeout(NOW);
    assert_eq!(actions(&mut silent), []);
    silent.handle_timeout(NOW + Arbiter::PATIENCE);
    assert_eq!(
        actions(&mut silent),
        [superseded(FIRST), Action::Proceed(SECOND)]
    );

    let mut lost = probing();
    lost.handle_ended(&original.node, FIRST);
    assert_eq!(actions(&mut lost), [Action::Proceed(SECOND)]);

    let mut gone = probing();
    gone.handle_ended(&original.node, SECOND);
    assert_eq!(
        (gone.next_timeout(), gone.link(&original.node)),
        (None, Some(FIRST))
    );
}

#[test]
fn a_newcomer_with_instance_pushes_a_held_one_aside() {
    let mut arbiter = linked(&greeting("a", None), true);
    arbiter.handle_verified(SECOND, &greeting("a", None), NOW);
    arbiter.handle_verified(THIRD, &greeting("a", Some("1")), NOW);
    assert_eq!(
        actions(&mut arbiter),
        [
            Action::Probe(FIRST),
            superseded(FIRST),
            refuse(SECOND),
            Action::Proceed(THIRD)
        ]
    );
}

#[test]
fn a_dial_beside_a_link_rules_first() {
    for (name, lower) in [("z", true), ("a", false)] {
        let (past, now) = (greeting(name, Some("1")), greeting(name, Some("2")));
        let beside = || {
            let mut arbiter = linked(&past, false);
            assert_eq!(arbiter.handle_greeted(SECOND, &now), Verdict::Continue);
            arbiter
        };
        let mut crossed = beside();
        crossed.handle_verified(THIRD, &now, NOW);
        let expected = if lower {
            vec![refuse(THIRD)]
        } else {
            vec![refuse(SECOND), superseded(FIRST), Action::Proceed(THIRD)]
        };
        assert_eq!(actions(&mut crossed), expected);
        // The process of the link dials anew: it has lost the link, and the dial goes on.
        let mut again = beside();
        again.handle_verified(THIRD, &past, NOW);
        let expected = [superseded(FIRST), Action::Proceed(THIRD)];
        assert_eq!(actions(&mut again), expected);
        again.handle_ended(&past.node, FIRST);
        again.handle_established(SECOND, &now);
        assert_eq!(actions(&mut again), [refuse(SECOND)], "it is the older one");
    }
}

#[test]
fn a_remnant_does_not_end_a_dial_either() {
    let (past, now) = (greeting("a", Some("1")), greeting("a", Some("2")));
    let mut arbiter = dialling(&past);
    arbiter.handle_verified(THIRD, &now, NOW);
    assert_eq!(actions(&mut arbiter), [Action::Proceed(THIRD)]);
    arbiter.handle_verified(SECOND, &past, NOW);
    assert_eq!(actions(&mut arbiter), [refuse(SECOND)]);
    assert!(arbiter.peers[&past.node].dial.is_some());
}

#[test]
fn the_late_answer_of_a_lost_link_says_nothing_of_the_next() {
    let original = greeting("a", None);
    let mut arbiter = linked(&original, false);
    arbiter.handle_verified(SECOND, &original, NOW);
    arbiter.handle_timeout(NOW + Arbiter::PATIENCE);
    arbiter.handle_verified(THIRD, &original, NOW + Arbiter::PATIENCE);
    let expected = [
        Action::Probe(FIRST),
        superseded(FIRST),
        Action::Proceed(SECOND),
        Action::Probe(SECOND),
    ];
    assert_eq!(actions(&mut arbiter), expected);
    arbiter.handle_answer(&original.node, FIRST);
    assert_eq!(actions(&mut arbiter), []);
    arbiter.handle_answer(&original.node, SECOND);
    assert_eq!(actions(&mut arbiter), [refuse(THIRD)]);
}
